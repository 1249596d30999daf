import { expect, test } from "vitest";
import type { Chat, Member } from "../../api/types";
import { administers, mayAdd, mayRemove, mayRename, rolesFor } from "./roles";

const group = (role: string, fields: Partial<Chat> = {}) =>
  ({ type: "group", who_may_add: "admin", who_may_change: "member", mine: { role }, ...fields }) as unknown as Chat;
const member = (role: string) => ({ user_id: "anna", role }) as Member;

test("who administers a group removes those below them, never their equals", () => {
  expect(mayRemove(group("owner"), member("admin"))).toBe(true);
  expect(mayRemove(group("admin"), member("member"))).toBe(true);
  expect(mayRemove(group("admin"), member("admin"))).toBe(false);
  expect(mayRemove(group("member"), member("member"))).toBe(false);
});

test("only the owner gives roles", () => {
  expect(rolesFor(group("owner"), member("member"))).toEqual(["admin", "owner"]);
  expect(rolesFor(group("owner"), member("admin"))).toEqual(["member", "owner"]);
  expect(rolesFor(group("admin"), member("member"))).toEqual([]);
});

test("the group itself says what members may do, and nothing of a direct chat is administered", () => {
  expect([mayAdd(group("member")), mayRename(group("member"))]).toEqual([false, true]);
  expect(mayAdd(group("member", { who_may_add: "member" }))).toBe(true);
  const direct = group("owner", { type: "direct" });
  expect([administers(direct), mayAdd(direct), mayRename(direct), rolesFor(direct, member("member"))]).toEqual([false, false, false, []]);
});
