/** Platform dialect: what all platforms have in common, whose calls cost what their endpoints say. */
import { type MockDialect, NOTHING } from "../../dialect.ts";
import { bearerKey } from "../openai/dialect.ts";

type Given =
  | "name"
  | "meters"
  | "defaults"
  | "failureDemand"
  | "route"
  | "rateHeaders"
  | "failureReply"
  | "requestIdHeader";

export function platformDialect(own: Pick<MockDialect, Given> & Partial<MockDialect>): MockDialect {
  return {
    slotsCountAfterMs: 0,
    outputDimensions: [],
    requestId: (id) => id,
    processingHeader: null,
    keyOf: bearerKey,
    demandOf: ({ cost }) => cost?.taken ?? NOTHING,
    refundOf: ({ cost }) => cost?.returned ?? NOTHING,
    ...own,
  };
}
