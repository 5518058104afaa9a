/** Retry times: from when a request competes again and when its wait ends, microseconds. */
export interface RetryTimes {
  readonly eligibleAt: number;
  readonly expiresAt: number;
}
