import { expect, test } from "vitest";
import { highlighted } from "./highlighted";

test("a snippet says the same in pieces, with what was found marked", () => {
  const pieces = highlighted("the night train", [
    { start: 10, length: 5 },
    { start: 4, length: 5 },
  ]);
  expect(pieces.filter(({ marked }) => marked).map(({ text }) => text)).toEqual(["night", "train"]);
  expect(pieces.map(({ text }) => text).join("")).toBe("the night train");
});
