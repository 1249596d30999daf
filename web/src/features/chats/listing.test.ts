import { expect, test } from "vitest";
import type { Chat, Mine } from "../../api/types";
import { isMuted, listing, pinsWith } from "./listing";

const mine = (fields: Partial<Mine> = {}) => ({ pin_place: null, archived: false, muted_until: null, muted_for_ever: false, ...fields }) as Mine;
const chat = (id: string, fields: Partial<Mine> = {}) => ({ id, mine: mine(fields) }) as unknown as Chat;
const ids = (chats: readonly Chat[]) => chats.map(({ id }) => id);

test("pinned chats come first in their own order, archived ones lie apart", () => {
  const { listed, archived } = listing([chat("a"), chat("b", { pin_place: 2 }), chat("c", { archived: true }), chat("d", { pin_place: 1 })]);
  expect([ids(listed), ids(archived)]).toEqual([["d", "b", "a"], ["c"]]);
});

test("pinning puts a chat on top, taking the pin off keeps the order of the others", () => {
  const chats = [chat("a"), chat("b", { pin_place: 2 }), chat("d", { pin_place: 1 })];
  expect(pinsWith(chats, "a", true)).toEqual(["a", "d", "b"]);
  expect(pinsWith(chats, "d", false)).toEqual(["b"]);
});

test("a chat is muted for ever, or until its time is over", () => {
  const until = mine({ muted_until: "2025-01-01T12:00:00Z" });
  expect(isMuted(until, Date.parse("2025-01-01T11:59:00Z"))).toBe(true);
  expect(isMuted(until, Date.parse("2025-01-01T12:00:00Z"))).toBe(false);
  expect(isMuted(mine({ muted_for_ever: true }), 0)).toBe(true);
  expect(isMuted(null, 0)).toBe(false);
});
