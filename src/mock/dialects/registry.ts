/** All dialects of the mock by name. */
import { DIALECT_NAMES, type DialectName, type MockDialect } from "../dialect.ts";
import { anthropicDialect } from "./anthropic/dialect.ts";
import { azureDialect } from "./azure-openai/dialect.ts";
import { bedrockDialect } from "./bedrock/dialect.ts";
import { ga4Dialect } from "./ga4/dialect.ts";
import { geminiDialect } from "./gemini/dialect.ts";
import { groqDialect } from "./groq/dialect.ts";
import { hubspotDialect } from "./hubspot/dialect.ts";
import { mailchimpDialect } from "./mailchimp/dialect.ts";
import { openaiDialect } from "./openai/dialect.ts";
import { openrouterDialect } from "./openrouter/dialect.ts";
import { salesforceDialect } from "./salesforce/dialect.ts";
import { shopifyDialect } from "./shopify/dialect.ts";

const DIALECTS: Readonly<Record<DialectName, MockDialect>> = {
  openai: openaiDialect,
  anthropic: anthropicDialect,
  "azure-openai": azureDialect,
  gemini: geminiDialect,
  bedrock: bedrockDialect,
  groq: groqDialect,
  openrouter: openrouterDialect,
  hubspot: hubspotDialect,
  salesforce: salesforceDialect,
  mailchimp: mailchimpDialect,
  ga4: ga4Dialect,
  shopify: shopifyDialect,
};

/** @throws Error naming the dialects that there are. */
export function dialectNamed(name: string): MockDialect {
  if (Object.hasOwn(DIALECTS, name)) return DIALECTS[name as DialectName];
  const allowed = DIALECT_NAMES.join(", ");
  throw new Error(`dialect must be one of ${allowed}, got ${JSON.stringify(name) ?? "nothing"}`);
}
