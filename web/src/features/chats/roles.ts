/** What one's role in a group allows; the server has the last word. */

import type { TFunction } from "i18next";
import type { Chat, Member, Role } from "../../api/types";

/** What may be done to a member. */
export type MemberDeed = { kind: "role"; role: Role } | { kind: "remove" | "ban" };

export const rankOf = (role: string | undefined): number => ({ owner: 3, admin: 2 })[role ?? ""] ?? 1;

const mine = (chat: Chat): number => (chat.type === "group" ? rankOf(chat.mine?.role) : 0);

export const administers = (chat: Chat): boolean => mine(chat) >= 2;
export const mayAdd = (chat: Chat): boolean => mine(chat) >= rankOf(chat.who_may_add);
export const mayRename = (chat: Chat): boolean => mine(chat) >= rankOf(chat.who_may_change);
export const mayRemove = (chat: Chat, member: Member): boolean => administers(chat) && mine(chat) > rankOf(member.role);

/** The roles that one may give to a member, beside the one that they have. */
export function rolesFor(chat: Chat, member: Member): Role[] {
  if (chat.mine?.role !== "owner" || chat.type !== "group") return [];
  const roles: Role[] = ["member", "admin", "owner"];
  return roles.filter((role) => rankOf(role) !== rankOf(member.role));
}

export function deedTitle(t: TFunction, deed: MemberDeed): string {
  return deed.kind === "role" ? t(`info.make.${deed.role}`) : t(`info.${deed.kind}`);
}
