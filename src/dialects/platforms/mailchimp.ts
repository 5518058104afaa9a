/** Mailchimp: ten connections at once and no other limit, nothing in headers; very high volume is a 403 without a body. */
import { recordsIn } from "../units/records.ts";
import { platform } from "./platform.ts";

export const mailchimp = platform({
  name: "mailchimp",
  // A batch of operations, or a list's members by their address, come to the same when they are repeated.
  repeatablePosts: /\/lists\/[^/]{1,64}\/?$/,
  units: recordsIn("members", "operations"),
  rules: {
    own: ({ status, facts }) =>
      status === 403 && facts.value === undefined ? { class: "quota" } : null,
    quotaDimension: "concurrency",
  },
});
