/** Less urgent: of two latency classes the one that yields to the other. */
import { LATENCY_CLASSES, type LatencyClass } from "../../core/task.ts";

export function lessUrgent(a: LatencyClass, b: LatencyClass): LatencyClass {
  return LATENCY_CLASSES.indexOf(a) > LATENCY_CLASSES.indexOf(b) ? a : b;
}
