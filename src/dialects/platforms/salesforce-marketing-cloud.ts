/** Salesforce Marketing Cloud: numbered errors, the wait in header and body; SOAP throttles under HTTP 500. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

export const salesforceMarketingCloud = platform({
  name: "salesforce-marketing-cloud",
  rules: {
    codes: codeTable({
      "50100": { class: "quota", dimension: "requests" },
      "50200": { class: "quota", dimension: "requests" },
    }),
    prose: [
      {
        class: "quota",
        pattern: /temporarily blocked|throttl|rate limit/,
        believedAt: (status) => status === 500,
      },
    ],
    quotaDimension: "requests",
  },
});
