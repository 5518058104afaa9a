/** Describe alert: an alert as one line of the gateway's log. */
import type { Gateway } from "../gateway/gateway.ts";

type Alert = Gateway["runtime"]["tenancy"]["alerts"]["alerts"][number];

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
    case "store-failed":
      return `what tenants use cannot be kept for now: ${alert.message}`;
  }
}
