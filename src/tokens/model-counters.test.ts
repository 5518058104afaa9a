import { expect, test } from "vitest";
import { counterOf } from "./model-counters.ts";

test.each([
  ["gpt-5", "o200k_base"],
  ["gpt-5.1-codex-mini", "o200k_base"],
  ["gpt-4o-mini", "o200k_base"],
  ["gpt-4.1-nano", "o200k_base"],
  ["o4-mini", "o200k_base"],
  ["openai/gpt-oss-120b", "o200k_base"],
  ["ft:gpt-4o-2024-08-06:acme::abc", "o200k_base"],
  ["gpt-4", "cl100k_base"],
  ["gpt-4-turbo", "cl100k_base"],
  ["gpt-35-turbo", "cl100k_base"],
  ["gpt-3.5-turbo-0125", "cl100k_base"],
  ["text-embedding-3-large", "cl100k_base"],
  ["claude-sonnet-4-5", "claude"],
  ["us.anthropic.claude-opus-4-1-v1:0", "claude"],
  ["meta-llama/Llama-3.3-70B-Instruct", "llama3"],
  ["llama2-13b", "llama2"],
  ["mixtral-8x7b", "mistral"],
  ["models/gemini-2.5-pro", "gemini"],
  ["Qwen/Qwen3-32B", "qwen"],
  ["deepseek-chat", "deepseek"],
  ["my-deployment", "unknown"],
  [null, "unknown"],
])("%s is counted as %s", (model, name) => {
  expect(counterOf(model).name).toBe(name);
});
