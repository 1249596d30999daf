import type { Chat, Member } from "../../api/types";

export function otherMember(chat: Chat, me: string): Member | undefined {
  return chat.type === "direct" ? chat.members.find((member) => member.user_id !== me) : undefined;
}

/** A direct chat bears the other person's name, a group its own. */
export function chatName(chat: Chat, me: string): string {
  const other = otherMember(chat, me);
  return other?.full_name ?? chat.name ?? chat.members.map((member) => member.full_name).join(", ");
}

export function chatAvatar(chat: Chat, me: string): string | null {
  return otherMember(chat, me)?.avatar_url ?? chat.avatar_url;
}
