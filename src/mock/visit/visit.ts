/** Visit: one request in the mock's books, and the ways to answer it in one piece. */
import type { Failure, Reply } from "../failure.ts";
import type { Exchange } from "../http/exchange.ts";
import type { MockState } from "../state.ts";
import type { ReceivedRequest } from "../stats.ts";

export interface Visit {
  readonly state: MockState;
  readonly exchange: Exchange;
  readonly received: ReceivedRequest;
  /** 24 hexadecimal digits. */
  readonly id: string;
  readonly startedAt: number;
  readonly query: URLSearchParams;
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
  const { dialect } = visit.state;
  const reply = dialect.failureReply(failure, dialect.requestId(visit.id));
  visit.exchange.reply(reply, headersFor(visit, shown), "failed");
}

/** For failures of an account that is known: some providers count them, too. */
export function failCharged(
  visit: Visit,
  failure: Failure,
  shown: Shown,
  model: string | null,
): void {
  const { dialect, account } = visit.state;
  account.chargeFailure(model, dialect.failureDemand(failure), performance.now());
  fail(visit, failure, shown);
}

/** What every answer carries. */
export function headersFor({ state, id, startedAt }: Visit, shown: Shown): Record<string, string> {
  const { dialect, account } = state;
  const now = performance.now();
  const headers: Record<string, string> = {};
  if (dialect.requestIdHeader) headers[dialect.requestIdHeader] = dialect.requestId(id);
  if (dialect.processingHeader) {
    headers[dialect.processingHeader] = String(Math.ceil(now - startedAt));
  }
  if (shown === "nothing") return headers;
  return {
    ...headers,
    ...dialect.rateHeaders(account.metersOf(shown.model, now), shown.model),
  };
}
