/** Parse LiteLLM: the parts of a LiteLLM proxy configuration that Sluice has words for. */
import { parse } from "yaml";
import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";

const amount = z.coerce.number().positive().optional();
const fallbacks = z.array(z.record(z.string(), z.array(z.string()))).optional();
const retries = z.coerce.number().int().min(0).optional();

const deployment = z.looseObject({
  model_name: z.string().min(1),
  litellm_params: z.looseObject({
    model: z.string().min(1),
    api_base: z.string().nullish(),
    api_key: z.string().nullish(),
    rpm: amount,
    tpm: amount,
    max_parallel_requests: amount,
  }),
});

const settings = z.looseObject({ fallbacks, num_retries: retries }).nullish();

const litellm = z.looseObject({
  model_list: z.array(deployment),
  router_settings: settings,
  litellm_settings: settings,
});

export type LitellmConfig = z.output<typeof litellm>;
export type LitellmDeployment = LitellmConfig["model_list"][number];

/** `file` is for messages only. */
export function parseLitellm(text: string, file: string): LitellmConfig {
  const parsed = litellm.safeParse(parseText(text, file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue.path.join(".") || "(root)";
  throw new SluiceError(
    "invalid_request",
    `${file} is no LiteLLM configuration: ${field}: ${issue.message}`,
  );
}

function parseText(text: string, file: string): unknown {
  try {
    return parse(text, { logLevel: "error", prettyErrors: false });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new SluiceError("invalid_request", `${file}: not valid YAML (${reason})`, { cause });
  }
}
