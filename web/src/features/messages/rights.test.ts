import { expect, test } from "vitest";
import type { Chat, Message } from "../../api/types";
import { mayDeleteForAll, mayEdit } from "./rights";

const at = Date.parse("2025-01-01T12:00:00Z");
const mine = {
  sender_id: "me",
  message_type: "text",
  forwarded: null,
  deleted_at: null,
  hidden: false,
  created_at: "2025-01-01T12:00:00Z",
} as Message;
const chat = (type: string, role: string) => ({ type, mine: { role } }) as unknown as Chat;

test("one's own text can be edited for fifteen minutes, and nothing else", () => {
  expect(mayEdit(mine, "me", at + 14 * 60_000)).toBe(true);
  expect(mayEdit(mine, "me", at + 15 * 60_000)).toBe(false);
  expect(mayEdit({ ...mine, sender_id: "anna" }, "me", at)).toBe(false);
  expect(mayEdit({ ...mine, forwarded: { sender_name: null } }, "me", at)).toBe(false);
});

test("who wrote a message deletes it for all, and so do those who administer the group", () => {
  const hers = { ...mine, sender_id: "anna" };
  expect(mayDeleteForAll(mine, chat("direct", "member"), "me")).toBe(true);
  expect(mayDeleteForAll(hers, chat("direct", "admin"), "me")).toBe(false);
  expect(mayDeleteForAll(hers, chat("group", "member"), "me")).toBe(false);
  expect(mayDeleteForAll(hers, chat("group", "admin"), "me")).toBe(true);
  expect(mayDeleteForAll({ ...hers, deleted_at: "2025-01-01T12:01:00Z" }, chat("group", "admin"), "me")).toBe(false);
});
