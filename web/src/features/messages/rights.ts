/** What one may do to a message; the server has the last word. */

import type { Chat, Message } from "../../api/types";
import { fateOf } from "./rows";

const EDIT_FOR_MS = 15 * 60_000;

export function isGone(message: Message): boolean {
  const fate = fateOf(message);
  return fate === "deleted" || fate === "expired";
}

export function mayEdit(message: Message, me: string, now: number): boolean {
  return (
    message.sender_id === me &&
    message.message_type === "text" &&
    message.forwarded === null &&
    !isGone(message) &&
    now - Date.parse(message.created_at) < EDIT_FOR_MS
  );
}

export function mayDeleteForAll(message: Message, chat: Chat, me: string): boolean {
  if (message.message_type === "notice" || isGone(message)) return false;
  const administers = chat.type !== "direct" && (chat.mine?.role === "owner" || chat.mine?.role === "admin");
  return message.sender_id === me || administers;
}
