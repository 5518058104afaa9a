import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Folder } from "./sluice.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const LITELLM = `
model_list:
  - model_name: gpt-5
    litellm_params:
      model: openai/gpt-5
      api_key: os.environ/OPENAI_API_KEY
      rpm: 500
      tpm: 30000
  - model_name: gpt-5
    litellm_params:
      model: azure/gpt-5-eu
      api_base: os.environ/AZURE_BASE
      api_key: os.environ/AZURE_KEY
      api_version: "2024-06-01"
      max_parallel_requests: 5
  - model_name: gpt-5-mini
    litellm_params: { model: gpt-5-mini, api_key: os.environ/OPENAI_API_KEY }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-5, api_key: sk-ant-in-the-file }
  - model_name: "*"
    litellm_params: { model: "openai/*", api_key: os.environ/OTHER_KEY }
  - model_name: bedrock
    litellm_params: { model: bedrock/claude }
router_settings:
  routing_strategy: usage-based-routing
  num_retries: 2
  fallbacks: [{ claude: [gpt-5-mini, none] }]
general_settings: { master_key: sk-1 }
`;

describe("sluice init", () => {
  test("writes a configuration that is valid as it stands", () => {
    expect(folder.run(["init"])).toEqual({
      code: 0,
      stdout: "wrote sluice.yaml; next: sluice check -c sluice.yaml\n",
      stderr: "",
    });
    expect(folder.run(["check"])).toEqual({ code: 0, stdout: "sluice.yaml: ok\n", stderr: "" });
  });

  test("never overwrites a file unless told to", () => {
    writeFileSync(folder.file("sluice.yaml"), "# mine\n");
    expect(folder.run(["init"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "sluice: sluice.yaml exists already; --force overwrites it\n",
    });
    expect(readFileSync(folder.file("sluice.yaml"), "utf8")).toBe("# mine\n");
    expect(folder.run(["init", "--force"]).code).toBe(0);
    expect(folder.run(["check"]).code).toBe(0);
  });

  test("--from converts LiteLLM's and says what it leaves out", () => {
    writeFileSync(folder.file("litellm.yaml"), LITELLM);
    const { code, stderr } = folder.run(["init", "--from", "litellm.yaml"]);
    expect(code).toBe(0);
    expect(stderr.trim().split("\n")).toEqual(
      [
        "litellm_params.api_version",
        "the key of anthropic, which stood in the file: set ANTHROPIC_API_KEY",
        "bedrock: bedrock/claude (unknown provider, or no api_base)",
        "the fallback from claude to none",
        "router_settings.routing_strategy",
        "general_settings.master_key",
      ].map((what) => `not carried over: ${what}`),
    );
    const text = readFileSync(folder.file("sluice.yaml"), "utf8");
    expect(text).not.toContain("sk-ant-in-the-file");
    expect(parse(text)).toEqual({
      upstreams: {
        openai: {
          dialect: "openai",
          base_url: "https://api.openai.com/v1",
          api_key: `\${OPENAI_API_KEY}`,
          limits: [{ model: "gpt-5", rpm: 500, tpm: 30_000 }],
        },
        azure: {
          dialect: "azure-openai",
          base_url: `\${AZURE_BASE}`,
          api_key: `\${AZURE_KEY}`,
          limits: [{ model: "gpt-5-eu", max_parallel_requests: 5 }],
        },
        anthropic: {
          dialect: "anthropic",
          base_url: "https://api.anthropic.com",
          api_key: `\${ANTHROPIC_API_KEY}`,
        },
        "openai-2": {
          dialect: "openai",
          base_url: "https://api.openai.com/v1",
          api_key: `\${OTHER_KEY}`,
        },
      },
      models: {
        "gpt-5": [
          { upstream: "openai", model: "gpt-5" },
          { upstream: "azure", model: "gpt-5-eu" },
        ],
        "gpt-5-mini": [{ upstream: "openai", model: "gpt-5-mini" }],
        claude: [
          { upstream: "anthropic", model: "claude-sonnet-4-5" },
          { upstream: "openai", model: "gpt-5-mini" },
        ],
      },
      retry: { attempts: 3 },
    });
    const keys = { OPENAI_API_KEY: "a", AZURE_KEY: "b", ANTHROPIC_API_KEY: "c", OTHER_KEY: "d" };
    const env = { ...keys, AZURE_BASE: "https://eu.example.com" };
    expect(folder.run(["check"], env)).toMatchObject({ code: 0, stderr: "" });
  });

  test.each([
    ["none", undefined, "sluice: litellm.yaml: no such file or directory\n"],
    [
      "no YAML",
      "a: [",
      "sluice: litellm.yaml: not valid YAML (Flow sequence in block collection must be sufficiently indented and end with a ])\n",
    ],
    [
      "something else",
      "a: 1",
      "sluice: litellm.yaml is no LiteLLM configuration: model_list: Invalid input: expected array, received undefined\n",
    ],
  ])("--from with %s is wrong use", (_, text, stderr) => {
    if (text !== undefined) writeFileSync(folder.file("litellm.yaml"), text);
    const ended = folder.run(["init", "--from", "litellm.yaml"]);
    expect(ended).toEqual({ code: 2, stdout: "", stderr });
  });
});
