/** Request id: what a call is called in answers, logs and support questions. */
import { randomBytes } from "node:crypto";

/** Unique over processes by the first part, inside one by the second; nothing secret hangs on it. */
const PROCESS_ID = randomBytes(9).toString("hex");
let lastRequest = 0;

export function requestId(): string {
  lastRequest++;
  return `slc_${PROCESS_ID}${lastRequest.toString(16).padStart(10, "0")}`;
}
