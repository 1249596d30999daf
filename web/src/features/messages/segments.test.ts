import { expect, test } from "vitest";
import { parseMarkup } from "./markup";
import { blocksOf, linksIn } from "./segments";

test("text is cut where its looks change, and says the same in one piece", () => {
  const { content, formatting } = parseMarkup("a **b __c__** d");
  const [block] = blocksOf(content, formatting);
  expect(block!.segments).toEqual([
    { text: "a ", looks: [] },
    { text: "b ", looks: ["bold"] },
    { text: "c", looks: ["bold", "italic"] },
    { text: " d", looks: [] },
  ]);
});

test("a quotation stands by itself, without the line breaks around it", () => {
  const { content, formatting } = parseMarkup("one\n> two\n> **three**\nfour");
  const blocks = blocksOf(content, formatting).map(({ kind, segments }) => [kind, segments.map(({ text }) => text).join("")]);
  expect(blocks).toEqual([
    [null, "one"],
    ["quote", "two\nthree"],
    [null, "four"],
  ]);
});

test("spans that reach beyond the text or lie across each other cut nothing off", () => {
  const blocks = blocksOf("hello", [
    { kind: "bold", start: 0, length: 3 },
    { kind: "italic", start: 2, length: 99 },
  ]);
  expect(blocks[0]!.segments.map(({ text }) => text)).toEqual(["he", "l", "lo"]);
});

test("a link ends before the full stop of its sentence", () => {
  const text = "see https://example.org/a(b)?c=d. Or (http://x.org)";
  expect(linksIn(text).map(({ start, length }) => text.slice(start, start + length))).toEqual(["https://example.org/a(b)?c=d", "http://x.org"]);
});
