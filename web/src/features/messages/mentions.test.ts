import { expect, test } from "vitest";
import { complete, membersLike, mentionAt, mentionedIn } from "./mentions";

const anna = { user_id: "a", full_name: "Anna Petrova", cyphr_id: "@anna" };
const annabel = { user_id: "b", full_name: "Annabel Li", cyphr_id: "@annabel" };
const boris = { user_id: "c", full_name: "Boris Lind", cyphr_id: null };
const members = [anna, annabel, boris];

test("a mention begins with an @ at the beginning of a word", () => {
  expect(mentionAt("hello @an", 9)).toEqual({ from: 6, query: "an" });
  expect(mentionAt("@", 1)).toEqual({ from: 0, query: "" });
  expect(mentionAt("mail@an", 7)).toBeNull();
  expect(mentionAt("@anna is", 8)).toBeNull();
});

test("members are found by their id and by each of their names", () => {
  expect(membersLike(members, "an").map(({ user_id }) => user_id)).toEqual(["a", "b"]);
  expect(membersLike(members, "lin").map(({ user_id }) => user_id)).toEqual(["c"]);
});

test("completing puts the handle there and the caret behind it", () => {
  expect(complete("hi @an you", 3, 6, anna)).toEqual({ text: "hi @anna you", caret: 9 });
  expect(complete("@b", 0, 2, boris)).toEqual({ text: "@Boris Lind ", caret: 12 });
});

test("one whose handle begins another's is not meant by it", () => {
  expect(mentionedIn("@annabel, ask (@Boris Lind)", members)).toEqual(["b", "c"]);
  expect(mentionedIn("thanks @anna.", members)).toEqual(["a"]);
  expect(mentionedIn("write to x@anna", members)).toEqual([]);
});
