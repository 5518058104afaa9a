/** Visit: one request in the mock's books, and the ways to answer it in one piece. */
import type { Failure, Reply } from "../failure.ts";
import type { Exchange } from "../http/exchange.ts";
import type { MockState } from "../state.ts";
import type { ReceivedRequest } from "../stats.ts";

export interface Visit {
  readonly state: MockState;
  readonly exchange: Exchange;
  readonly received: ReceivedRequest;
  /** Without its `req_`. */
  readonly id: string;
  readonly startedAt: number;
}

/** Whose rate limits an answer shows: those of a model, of the account alone (null), or none. */
export type Shown = { readonly model: string | null } | "nothing";

const ACCOUNT: Shown = { model: null };

/** Answers with what a route had ready. */
export function conclude(visit: Visit, result: Reply | Failure): void {
  if ("kind" in result) fail(visit, result, ACCOUNT);
  else visit.exchange.reply(result, headersFor(visit, ACCOUNT));
}

export function fail(visit: Visit, failure: Failure, shown: Shown): void {
  const reply = visit.state.dialect.failureReply(failure, `req_${visit.id}`);
  visit.exchange.reply(reply, headersFor(visit, shown));
}

/** For failures of an account that is known: OpenAI takes a request for them, too. */
export function failCharged(
  visit: Visit,
  failure: Failure,
  shown: Shown,
  model: string | null,
): void {
  const { dialect, account } = visit.state;
  if (dialect.failuresCount) account.chargeFailure(model, performance.now());
  fail(visit, failure, shown);
}

/** What every answer carries. */
export function headersFor({ state, id, startedAt }: Visit, shown: Shown): Record<string, string> {
  const { dialect, account } = state;
  const now = performance.now();
  const headers: Record<string, string> = { [dialect.requestIdHeader]: `req_${id}` };
  if (dialect.processingHeader) {
    headers[dialect.processingHeader] = String(Math.ceil(now - startedAt));
  }
  if (shown === "nothing") return headers;
  return Object.assign(headers, dialect.rateHeaders(account.bucketsOf(shown.model, now)));
}
