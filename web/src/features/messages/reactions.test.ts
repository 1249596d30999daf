import { expect, test } from "vitest";
import type { Message } from "../../api/types";
import { isMine, MORE, reacted, withOwnKept } from "./reactions";

const message = { reactions: [{ emoji: "👍", count: 6, user_ids: ["a", "b", "c", "d", "e"] }] } as unknown as Message;

test("a reaction is counted once, and taken back leaves the others", () => {
  const liked = reacted(message, "👍", "me", true);
  expect([liked.reactions[0]!.count, isMine(liked, "👍", "me")]).toEqual([7, true]);
  expect(reacted(liked, "👍", "me", true)).toBe(liked);
  expect(reacted(liked, "👍", "me", false).reactions[0]!.count).toBe(6);
});

test("the last one of its kind disappears with its kind", () => {
  const laughed = reacted(message, "😂", "me", true);
  expect(laughed.reactions.map(({ emoji }) => emoji)).toEqual(["👍", "😂"]);
  expect(reacted(laughed, "😂", "me", false).reactions.map(({ emoji }) => emoji)).toEqual(["👍"]);
});

test("what is offered is shown as pictures, each once", () => {
  expect(new Set(MORE).size).toBe(MORE.length);
  for (const sign of MORE) expect(sign).toMatch(/^(\p{Emoji_Presentation}|\p{Emoji}\ufe0f)$/u);
});

test("one's own reaction stays marked when an event names five others", () => {
  const crowd = reacted(message, "👍", "me", true);
  const told = { reactions: [{ emoji: "👍", count: 8, user_ids: ["a", "b", "c", "d", "e"] }] } as unknown as Message;
  expect(isMine(withOwnKept(told, crowd, "me"), "👍", "me")).toBe(true);
  expect(isMine(withOwnKept(told, message, "me"), "👍", "me")).toBe(false);
  const few = { reactions: [{ emoji: "👍", count: 1, user_ids: ["a"] }] } as unknown as Message;
  expect(isMine(withOwnKept(few, crowd, "me"), "👍", "me")).toBe(false);
});
