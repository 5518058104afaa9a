/** Klaviyo: a burst window of a second and a steady one of a minute per endpoint; on 429 Retry-After takes their place. */
import { recordsIn } from "../units/records.ts";
import { platform } from "./platform.ts";

export const klaviyo = platform({
  name: "klaviyo",
  credentialHeader: { name: "authorization", prefix: "Klaviyo-API-Key " },
  // Bulk jobs carry lists of these; anything else is one.
  units: recordsIn(
    "data.attributes.profiles.data",
    "data.attributes.events-bulk-create.data",
    "data.attributes.items",
    "data",
  ),
  rules: { quotaDimension: "requests" },
});
