/** Words: figures as people read them. */

/** 3 ms, 0.45 s, 12.30 s; rounded up, so that nothing takes 0. */
export function duration(ms: number): string {
  return ms < 100 ? `${Math.ceil(ms)} ms` : `${(Math.ceil(ms / 10) / 100).toFixed(2)} s`;
}

export function inSeconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** With thin separators for thousands: 12,345. */
export function whole(count: number): string {
  return count.toLocaleString("en-US");
}

export function plural(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Lines of at most `width` characters, broken between words where that is possible. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line !== "") {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
