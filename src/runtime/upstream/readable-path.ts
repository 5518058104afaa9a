/** Readable path: a path as a server reads it, so that no encoding hides a route or the model in it. */

/** `%` and a character that needs no encoding (RFC 3986, section 2.3), or the colon before a method's name. */
const NEEDLESS = /%(?:2[de]|3[0-9a]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

export function readablePath(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(NEEDLESS, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/** Every way to write the same place in one: steps taken, encodings and backslashes gone. */
export function plainPath(path: string): string {
  if (!/[%\\]|\/\.|\/\//.test(path)) return path;
  const { pathname } = new URL(`http://h/${path.replace(/^\/+/, "")}`);
  return readablePath(pathname)
    .replace(/%(?:2f|5c)/gi, "/")
    .replace(/\/{2,}/g, "/");
}
