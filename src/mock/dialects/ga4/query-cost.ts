/** Query cost: quota tokens of a report. Google names what they depend on but not the formula; this one is the mock's. */
import { type Body, isBody } from "../../answer/call.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 28;
const DAYS_PER_TOKEN = 30;
const ROWS_PER_TOKEN = 10_000;
const MAX_ROWS = 250_000;

/** One, and one for each dimension, metric, filter, month of days and further ten thousand rows. */
export function tokensOf(body: Body): number {
  const { dimensions, metrics, dimensionFilter, metricFilter } = body;
  const fields = lengthOf(dimensions) + lengthOf(metrics);
  const filters = Number(isBody(dimensionFilter)) + Number(isBody(metricFilter));
  const months = Math.ceil(daysOf(body.dateRanges) / DAYS_PER_TOKEN);
  return 1 + fields + filters + months + Math.ceil(rowsOf(body) / ROWS_PER_TOKEN) - 1;
}

export function rowsOf({ limit }: Body): number {
  const rows = Number(limit ?? ROWS_PER_TOKEN);
  return Number.isFinite(rows) ? Math.min(Math.max(0, rows), MAX_ROWS) : ROWS_PER_TOKEN;
}

/** `NdaysAgo` and the like cannot be counted without a calendar; they count as four weeks. */
function daysOf(ranges: unknown): number {
  let days = 0;
  for (const range of Array.isArray(ranges) ? ranges.filter(isBody) : []) {
    const length = Date.parse(String(range.endDate)) - Date.parse(String(range.startDate));
    days += Number.isFinite(length) && length >= 0 ? length / DAY_MS + 1 : DEFAULT_DAYS;
  }
  return days;
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
