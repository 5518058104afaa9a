/** Image tokens: what OpenAI counts an image as, by model, size and detail. */
import type { ImageSize } from "../body/image-size.ts";

/** Tiles of 512 pixels after the image was fitted, or patches of 32 pixels, at most 1,536. */
type Rule =
  | { readonly kind: "tiles"; readonly base: number; readonly tile: number }
  | { readonly kind: "patches"; readonly factor: number };

/** OpenAI, "Images and vision", calculating costs; the first that matches. */
const RULES: readonly (readonly [RegExp, Rule])[] = [
  [/gpt-(?:4\.1|5)-mini/, { kind: "patches", factor: 1.62 }],
  [/gpt-(?:4\.1|5)-nano/, { kind: "patches", factor: 2.46 }],
  [/o4-mini/, { kind: "patches", factor: 1.72 }],
  [/gpt-4o-mini/, { kind: "tiles", base: 2_833, tile: 5_667 }],
  [/gpt-5/, { kind: "tiles", base: 70, tile: 140 }],
  [/(?:^|\/)o[13]/, { kind: "tiles", base: 75, tile: 150 }],
];
const USUAL: Rule = { kind: "tiles", base: 85, tile: 170 };

/** What an image of unknown size is taken for. */
const USUAL_SIZE: ImageSize = { width: 1_024, height: 1_024 };
const LONGEST_SIDE = 2_048;
const SHORTER_SIDE = 768;
const TILE = 512;
const PATCH = 32;
const MOST_PATCHES = 1_536;

export function openAiImageTokens(
  model: string | null,
  size: ImageSize | null,
  detail: unknown,
): number {
  const rule = RULES.find(([pattern]) => pattern.test(model ?? ""))?.[1] ?? USUAL;
  const { width, height } = size ?? USUAL_SIZE;
  if (rule.kind === "patches") {
    const patches = Math.ceil(width / PATCH) * Math.ceil(height / PATCH);
    return Math.ceil(Math.min(patches, MOST_PATCHES) * rule.factor);
  }
  if (detail === "low") return rule.base;
  const fit = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const scale = fit * Math.min(1, SHORTER_SIDE / (fit * Math.min(width, height)));
  const tiles = Math.ceil((width * scale) / TILE) * Math.ceil((height * scale) / TILE);
  return rule.base + tiles * rule.tile;
}
