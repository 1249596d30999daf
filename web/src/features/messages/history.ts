/**
 * What this device holds of one chat: an unbroken run of messages that ends at `head`, and messages that came ahead of a gap.
 *
 * The server numbers a chat's messages without gaps. So a message beyond `head + 1` proves that some are missing: it is held
 * back until they have been fetched, and nobody sees messages out of order.
 */

import type { Message } from "../../api/types";

export interface History {
  /** Ascending by `seq`, without gaps, ending at `head` (or empty). */
  readonly messages: readonly Message[];
  /** The last sequence number up to which nothing that is newer than `messages[0]` is missing. */
  readonly head: number;
  /** Ascending; each beyond a gap after `head`. */
  readonly held: readonly Message[];
}

/** A history of which only the end is known: `head` is the chat's last number, nothing has been fetched yet. */
export function historyAt(head: number): History {
  return { messages: [], head, held: [] };
}

export function hasGap(history: History): boolean {
  return history.held.length > 0;
}

/** True when there is nothing before what is held: one's history begins after `visibleFrom`, 0 for the chat's own start. */
export function reachesStart(history: History, visibleFrom = 0): boolean {
  return history.head <= visibleFrom || history.messages[0]?.seq === visibleFrom + 1;
}

/** Put the newer state of messages in their places; those that are not held are passed over. */
export function replace(history: History, changed: readonly Message[]): History {
  const bySeq = new Map(changed.map((message) => [message.seq, message]));
  const current = (message: Message): Message => bySeq.get(message.seq) ?? message;
  return { ...history, messages: history.messages.map(current), held: history.held.map(current) };
}

/** Add messages in any order, some perhaps held already. Those that do not join the run wait in `held`. */
export function insert(history: History, arrived: readonly Message[]): History {
  const [only] = arrived;
  if (arrived.length === 1 && only !== undefined && only.seq === history.head + 1 && !hasGap(history)) {
    return { messages: [...history.messages, only], head: only.seq, held: [] };
  }
  const bySeq = new Map<number, Message>();
  for (const message of [...history.messages, ...history.held, ...arrived]) bySeq.set(message.seq, message);

  let head = history.head;
  while (bySeq.has(head + 1)) head += 1;
  let first = head + 1;
  while (bySeq.has(first - 1)) first -= 1;

  const messages: Message[] = [];
  for (let seq = first; seq <= head; seq += 1) messages.push(bySeq.get(seq)!);
  const held = [...bySeq.values()].filter((message) => message.seq > head).sort((one, other) => one.seq - other.seq);
  return { messages, head, held };
}
