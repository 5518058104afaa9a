/** Report: a few rows with the dimensions and metrics that were asked for. */
import { type Body, isBody } from "../../answer/call.ts";
import { rowsOf } from "./query-cost.ts";

const MAX_ROWS = 10;

export function reportOf(body: Body): object {
  const dimensions = namesOf(body.dimensions);
  const metrics = namesOf(body.metrics);
  const rows = Array.from({ length: Math.min(MAX_ROWS, Math.ceil(rowsOf(body))) }, (_, i) => ({
    dimensionValues: dimensions.map((name) => ({ value: `${name}-${i}` })),
    metricValues: metrics.map(() => ({ value: String(100 - i) })),
  }));
  return {
    dimensionHeaders: dimensions.map((name) => ({ name })),
    metricHeaders: metrics.map((name) => ({ name, type: "TYPE_INTEGER" })),
    rows,
    rowCount: rows.length,
    metadata: { currencyCode: "USD", timeZone: "America/Los_Angeles" },
  };
}

function namesOf(list: unknown): string[] {
  const fields = Array.isArray(list) ? list.filter(isBody) : [];
  return fields.map(({ name }) => String(name));
}
