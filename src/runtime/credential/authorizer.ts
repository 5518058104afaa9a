/** Authorizer: the port to a credential that no fixed header carries, because it runs out or signs each request. */
import type { HeaderView } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { Outbound } from "../transport/transport.ts";

/** An answer that the dialect took for an error. */
export interface Complaint {
  readonly status: number;
  readonly headers: HeaderView;
  readonly verdict: Verdict;
}

export interface Authorizer {
  /** It must have the whole body at hand: a body that streams through cannot be signed. */
  readonly signsBody: boolean;
  /** `authorize` may be called. `now` in microseconds since the epoch, here and below. */
  isReady(now: number): boolean;
  /**
   * Resolves once `authorize` may be called.
   *
   * @throws SluiceError, as a rejection, when the credential could not be renewed; the signal's reason when aborted.
   */
  whenReady(signal: AbortSignal): Promise<void>;
  /** The request as it must be sent now; for each attempt anew. */
  authorize(outbound: Outbound, now: number): Outbound;
  /** The provider has served a request that was authorized. */
  accepted(): void;
  /** True: the complaint was about the credential and that is mended, or will be by `whenReady`, so once more is worthwhile. */
  refused(sent: Outbound, complaint: Complaint, now: number): boolean;
}
