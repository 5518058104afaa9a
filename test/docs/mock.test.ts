/** docs/mock.md tells every dialect of the mock with the limits that it really starts with. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DIALECT_NAMES, startMock } from "../../src/mock/index.ts";

const PAGE = readFileSync(new URL("../../docs/mock.md", import.meta.url), "utf8");

test.each(DIALECT_NAMES)("%s stands there with its default limits", async (dialect) => {
  const row = PAGE.split("\n").find((line) => line.startsWith(`| \`${dialect}\` |`)) ?? "";
  const told = [
    ...(row.split("|")[3] ?? "").matchAll(/(?:`([^`]+)`: )?((?:[a-z_\d]+=\d+(?:, )?)+)/g),
  ];
  const limits = told.flatMap(([, model, list]) =>
    list
      .split(",")
      .filter((one) => one.trim() !== "")
      .map((one) => {
        const [name, amount] = one.trim().split("=");
        return [model === undefined ? name : `${name}:${model}`, Number(amount)] as const;
      }),
  );
  await using mock = await startMock({ dialect });
  const levels = mock.levels();
  if (dialect === "azure-openai") levels.rpm *= 60; // told per minute, held in slices of a second
  expect(Object.fromEntries(limits)).toEqual(levels);
});
