/** In what order chats are listed, and which of them lie in the archive. */

import type { Chat, Mine } from "../../api/types";

export function isMuted(mine: Mine | null, now: number): boolean {
  if (mine === null) return false;
  return mine.muted_for_ever || (mine.muted_until !== null && Date.parse(mine.muted_until) > now);
}

export const isPinned = (chat: Chat): boolean => (chat.mine?.pin_place ?? null) !== null;

/** Pinned chats first, in their own order; the rest as they come. The archived ones apart. */
export function listing(chats: readonly Chat[]): { listed: Chat[]; archived: Chat[] } {
  const archived = chats.filter((chat) => chat.mine?.archived === true);
  const rest = chats.filter((chat) => chat.mine?.archived !== true);
  const pinned = rest.filter(isPinned).sort((one, other) => one.mine!.pin_place! - other.mine!.pin_place!);
  return { listed: [...pinned, ...rest.filter((chat) => !isPinned(chat))], archived };
}

/** The ids of the pinned chats, in their order, with one more or one less. */
export function pinsWith(chats: readonly Chat[], chatId: string, pinned: boolean): string[] {
  const others = listing(chats.map(outOfArchive)).listed.filter((chat) => isPinned(chat) && chat.id !== chatId);
  return [...(pinned ? [chatId] : []), ...others.map((chat) => chat.id)];
}

const outOfArchive = (chat: Chat): Chat => (chat.mine === null ? chat : { ...chat, mine: { ...chat.mine, archived: false } });
