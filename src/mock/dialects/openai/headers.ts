/** OpenAI's rate-limit headers. */
import type { Headers } from "../../dialect.ts";
import type { Bucket } from "../../limits/bucket.ts";
import { leastLeft } from "../../limits/bucket.ts";
import type { BucketDimension } from "../../limits/limits.ts";
import { goDuration } from "./go-duration.ts";

const REQUESTS: readonly BucketDimension[] = ["rpm", "rpd"];
const TOKENS: readonly BucketDimension[] = ["tpm", "tpd"];

/**
 * Of several buckets the one with the least left is shown, be it of the day or of the model, and the
 * header does not say which: so does OpenAI (community.openai.com/t/541210). Reset is the time to full.
 */
export function openaiRateHeaders(buckets: readonly Bucket[]): Headers {
  const headers: Record<string, string> = {};
  addTriplet(headers, "requests", leastLeft(buckets, REQUESTS));
  addTriplet(headers, "tokens", leastLeft(buckets, TOKENS));
  return headers;
}

function addTriplet(headers: Record<string, string>, name: string, bucket: Bucket | null): void {
  if (!bucket) return;
  headers[`x-ratelimit-limit-${name}`] = String(bucket.capacity);
  headers[`x-ratelimit-remaining-${name}`] = String(Math.max(0, Math.floor(bucket.level + 1e-6)));
  headers[`x-ratelimit-reset-${name}`] = goDuration(bucket.fullInMs);
}
