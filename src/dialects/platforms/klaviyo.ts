/** Klaviyo: a burst window of a second and a steady one of a minute per endpoint; on 429 Retry-After takes their place. */
import { platform } from "./platform.ts";

export const klaviyo = platform({
  name: "klaviyo",
  credentialHeader: { name: "authorization", prefix: "Klaviyo-API-Key " },
  rules: { quotaDimension: "requests" },
});
