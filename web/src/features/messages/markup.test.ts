import { expect, test } from "vitest";
import { parseMarkup, writeMarkup } from "./markup";

const kinds = (text: string) => {
  const { content, formatting } = parseMarkup(text);
  return [content, formatting.map(({ kind, start, length }) => `${kind}:${content.slice(start, start + length)}`)];
};

test("marks become formatting, one inside the other", () => {
  expect(kinds("a **bold __and italic__** ~~no~~")).toEqual(["a bold and italic no", ["bold:bold and italic", "italic:and italic", "strike:no"]]);
  expect(kinds("||secret|| ++under++")).toEqual(["secret under", ["spoiler:secret", "underline:under"]]);
});

test("inside code nothing else is a mark", () => {
  expect(kinds("run `x = **y**` now")).toEqual(["run x = **y** now", ["code:x = **y**"]]);
  expect(kinds("```\nlet a;\nlet b;\n```")).toEqual(["let a;\nlet b;", ["pre:let a;\nlet b;"]]);
});

test("lines that begin with > are one quotation", () => {
  expect(kinds("> one\n> two\nthree")).toEqual(["one\ntwo\nthree", ["quote:one\ntwo"]]);
});

test("what is no mark stays as it is", () => {
  for (const text of ["C++ and C++", "2 ** 3 ** 4", "snake__case__name", "****", "a ` b", "** open", "> ", "5 > 3"]) {
    expect(kinds(text)).toEqual([text, []]);
  }
});

test("places count as JavaScript counts, beyond emoji too", () => {
  expect(parseMarkup("🎉 **да**").formatting).toEqual([{ kind: "bold", start: 3, length: 2 }]);
});

test("a message that is edited shows the marks that it was written with", () => {
  for (const text of ["a **bold __and italic__** ~~no~~", "> one\n> two\nthree", "run `x` and ```a\nb```", "**__both__**"]) {
    expect(writeMarkup(parseMarkup(text))).toBe(text);
  }
});
