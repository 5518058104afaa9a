/** Read answers: takes apart what a server has sent on one connection, by RFC 9112 alone. */

export interface RawAnswer {
  readonly status: number;
  /** As it came. */
  readonly head: string;
  readonly body: string;
}

export interface RawAnswers {
  readonly answers: readonly RawAnswer[];
  /** What no answer can be made of; empty: everything was whole. */
  readonly rest: string;
}

interface Cut {
  readonly body: string;
  readonly end: number;
}

/** `methods` of the requests, in order. `isOver`: nothing more will come. Interim answers are left out. */
export function readAnswers(text: string, methods: readonly string[], isOver = true): RawAnswers {
  const answers: RawAnswer[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf("\r\n\r\n", at);
    const [, code] = /^HTTP\/1\.1 (\d{3})[ \r]/.exec(text.slice(at, at + 20)) ?? [];
    if (end < 0 || code === undefined) break;
    const head = text.slice(at, end + 2);
    const status = Number(code);
    if (status < 200) {
      at = end + 4;
      continue;
    }
    const hasNone = methods[answers.length] === "HEAD" || status === 204 || status === 304;
    const cut = hasNone ? { body: "", end: end + 4 } : bodyAt(text, end + 4, head, isOver);
    if (cut === null) break;
    answers.push({ status, head, body: cut.body });
    at = cut.end;
  }
  return { answers, rest: text.slice(at) };
}

/** Null: it is not whole. */
function bodyAt(text: string, from: number, head: string, isOver: boolean): Cut | null {
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return chunksAt(text, from);
  const [, length] = /\r\ncontent-length: *(\d+)\r\n/i.exec(head) ?? [];
  if (length === undefined) return isOver ? { body: text.slice(from), end: text.length } : null;
  const end = from + Number(length);
  return end <= text.length ? { body: text.slice(from, end), end } : null;
}

function chunksAt(text: string, from: number): Cut | null {
  let body = "";
  for (let at = from; ; ) {
    const end = text.indexOf("\r\n", at);
    const line = text.slice(at, end);
    if (end < 0 || !/^[0-9a-f]+$/i.test(line)) return null;
    const size = Number.parseInt(line, 16);
    const next = end + 2 + size;
    if (text.slice(next, next + 2) !== "\r\n") return null;
    if (size === 0) return { body, end: next + 2 };
    body += text.slice(end + 2, next);
    at = next + 2;
  }
}
