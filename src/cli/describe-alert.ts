/** Describe alert: an alert as one line of the gateway's log. */
import type { Gateway } from "../gateway/gateway.ts";

type Alert = Gateway["runtime"]["tenancy"]["alerts"]["alerts"][number];

const STORE_STATES = {
  shared: "the store answers again: limits are shared",
  silent: "the store does not answer: nothing new is sent before it does",
  down: "the store is down: a safe share of the limits is used, by store.on_failure",
} as const;

export function describeAlert(alert: Alert): string {
  switch (alert.kind) {
    case "quota": {
      const { tenant, quota, used, limit } = alert;
      const percent = Math.floor((100 * used) / limit);
      const until = new Date(alert.resetsAt).toISOString();
      return `tenant ${tenant}: ${percent} % of ${quota} used (${used} of ${limit}, until ${until})`;
    }
    case "runaway": {
      const { tenant, counts, perMinute, usualPerMinute } = alert;
      return `tenant ${tenant}: runaway? ${perMinute} ${counts} in this minute, usually ${usualPerMinute}`;
    }
    case "price-unknown":
      return `${alert.upstream}: the price of ${JSON.stringify(alert.model)} is unknown, so its money is not counted`;
    case "breaker": {
      const what = `${alert.upstream}${alert.model === null ? "" : ` ${alert.model}`}`;
      return alert.state === "open"
        ? `${what}: unwell, gets no calls but probes`
        : `${what}: well again`;
    }
    case "stopped": {
      const why = alert.reason === "billing" ? "cannot be charged" : "is not accepted";
      const whose = `${alert.upstream}: credential ${alert.credential ?? "of a client"}`;
      const where = alert.model === null ? "" : ` for ${alert.model}`;
      return `${whose} ${why}${where}; tried once a minute`;
    }
    case "store":
      return STORE_STATES[alert.state];
    case "store-failed":
      return `what tenants use cannot be kept for now: ${alert.message}`;
  }
}
