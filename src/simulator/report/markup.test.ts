import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Markup, markup } from "./markup.ts";

describe("markup", () => {
  test("writes text as text, in elements and in quoted attributes", () => {
    const evil = `<script>alert("x")</script>' onload='`;
    expect(markup`<b title="${evil}">${evil}</b>`.text).toBe(
      '<b title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; onload=&#39;">' +
        "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; onload=&#39;</b>",
    );
  });

  test("keeps what is markup already, also in lists, and escapes no text twice", () => {
    const items = ["a & b", "c"].map((name) => markup`<li>${name}</li>`);
    expect(markup`<ul>${items}</ul>${null}${3}`.text).toBe(
      "<ul><li>a &amp; b</li><li>c</li></ul>3",
    );
    expect(markup`${new Markup("<hr>")}`.text).toBe("<hr>");
  });

  test("no text whatever ends an attribute or opens an element", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = markup`${text}`.text;
        expect(written).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
      }),
    );
  });
});
