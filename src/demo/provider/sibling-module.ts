/** Sibling module: the address of a module of this folder, as source or as built. */
import { extname } from "node:path";

export function siblingModule(name: string): URL {
  return new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url);
}
