/** Encoding names: OpenAI's public vocabularies that chat and embedding models use. */

const ENCODING_NAMES = ["o200k_base", "cl100k_base"] as const;

export type EncodingName = (typeof ENCODING_NAMES)[number];

export function isEncodingName(name: unknown): name is EncodingName {
  return ENCODING_NAMES.some((known) => known === name);
}
