/** Upstream and models: accounts at providers, and the aliases that route to them. */
import { z } from "zod";
import { DIALECT_NAMES } from "../../dialects/registry.ts";
import { suggestionFor } from "../closest-name.ts";
import { auth } from "./auth.ts";
import { baseUrl } from "./formats.ts";
import { leaf, listOf, named, section, strict } from "./leaf.ts";
import { limit } from "./limits.ts";
import { choiceJson, count, flag, fraction, positive, price, secret, text } from "./scalars.ts";

const credential = strict({
  name: text("a name").describe("What tenants.credentials and limits.key call it"),
  project: text("a project").optional().describe("Project whose limits it shares"),
  api_key: secret().describe("Sent upstream; empty: the client's own is passed on"),
});

const dialect = () =>
  leaf({
    expected: (value) =>
      `a dialect such as openai, anthropic or generic${suggestionFor(value, DIALECT_NAMES)}`,
    read: (value) => DIALECT_NAMES.find((name) => name === value),
    json: choiceJson(DIALECT_NAMES),
  });

const adaptive = section({
  initial: positive().prefault(10).describe("Rate to begin with"),
  min: positive().prefault(1).describe("Least rate"),
  max: positive().prefault(200).describe("Largest rate"),
});

const header = text("a text on one line", /^[^\r\n\0]*$/);

const upstream = strict({
  dialect: dialect().describe("How it speaks of limits, errors and usage"),
  base_url: baseUrl().describe(
    "Where requests go; the client's path is appended. Its query is added where a request has none of that name; {dc} stands for the data centre in a Mailchimp key",
  ),
  api_key: secret().optional().describe("Short for one credential named `default`"),
  credentials: listOf(credential, "credentials")
    .nullish()
    .describe("Its keys; none: the client's own credential is passed on"),
  auth: auth.optional().describe("How a credential is sent; absent: as the dialect does"),
  limits: listOf(limit, "limits").nullish().describe("Absent: learned from headers"),
  headers: named(header, "texts").describe("Added to every request"),
  retry_unsafe: flag().prefault(false).describe("Repeat calls that may have had an effect"),
  adaptive: adaptive.describe("Requests a second when neither limits nor headers are known"),
});

export const upstreams = named(upstream, "upstreams").describe("Accounts at providers, by name");

const candidate = strict({
  upstream: text("an upstream's name").describe("Where it is served"),
  model: text("a model's name").describe("The model sent upstream"),
  quality: fraction().optional().describe("From 0 to 1, for min-quality and smaller-model"),
  context: count().optional().describe("Tokens its window holds, for trim: fit"),
  price: strict({
    input: price().describe("Input tokens"),
    output: price().describe("Output tokens"),
    cached_input: price().optional().describe("Cached input tokens; absent: as input"),
  })
    .optional()
    .describe("USD per million tokens"),
});

const candidates = z
  .array(candidate, { error: "a list of candidates, best first" })
  .min(1, { error: "at least one candidate" });

export const models = named(candidates, "lists of candidates").describe(
  "Aliases: the upstream and model pairs that may serve each, best first",
);
