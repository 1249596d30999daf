/** How far a message of one's own has come. */

import type { Chat, Message } from "../../api/types";

export type Status = "queued" | "failed" | "sent" | "delivered" | "read";

/** Delivered and read mean: by every other member. */
export function statusOf(message: Message, chat: Chat): Status {
  const others = chat.members.filter((member) => member.user_id !== message.sender_id);
  if (others.length === 0) return "sent";
  if (others.every((member) => member.read_seq >= message.seq)) return "read";
  return others.every((member) => member.received_seq >= message.seq) ? "delivered" : "sent";
}
