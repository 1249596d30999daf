/**
 * Messages on their way to the server.
 *
 * An entry's id is permanent: it is sent again under the same id, with growing pauses, until the server acknowledges it, so
 * however often it is sent it becomes one message. Pure functions; time comes from outside.
 */

import type { Entity } from "../../api/types";
import { backoff } from "../../lib/backoff";

/** What a message says, before it is one. */
export interface Outgoing {
  readonly content: string;
  readonly mentions: readonly string[];
  readonly formatting: readonly Entity[];
  readonly reply_to_id: string | null;
  /** The message that this one repeats, with its content as it is held here, and who wrote it. */
  readonly forward: { readonly of: string; readonly sender_name: string | null } | null;
}

export interface OutboxEntry extends Outgoing {
  /** The client's id of the message, for ever. */
  readonly id: string;
  readonly chat_id: string;
  readonly created_at: string;
  /** How often it has been sent on this connection. */
  readonly attempts: number;
  /** Not before this moment (ms) is it sent (again). */
  readonly due_at: number;
  /** The server's refusal, when repeating cannot help; the person decides. */
  readonly refusal: string | null;
}

export type Outbox = readonly OutboxEntry[];

/** The server answers `slow` above this many unacknowledged sends. */
export const WINDOW = 32;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

export function plain(content: string): Outgoing {
  return { content, mentions: [], formatting: [], reply_to_id: null, forward: null };
}

export function queued(id: string, chatId: string, outgoing: Outgoing, now: number): OutboxEntry {
  const created_at = new Date(now).toISOString();
  return { ...outgoing, id, chat_id: chatId, created_at, attempts: 0, due_at: now, refusal: null };
}

/** The entry as `msg.send` carries it. What is forwarded is known to the server: only its id travels. */
export function bodyOf({ content, mentions, formatting, reply_to_id, forward }: Outgoing) {
  if (forward !== null) return { forward_of: forward.of };
  return {
    content,
    ...(mentions.length > 0 && { mentions: [...mentions] }),
    ...(formatting.length > 0 && { formatting: [...formatting] }),
    ...(reply_to_id !== null && { reply_to_id }),
  };
}

/** What is to be sent now, oldest first. An entry never overtakes another of its chat, so order is kept. */
export function due(outbox: Outbox, now: number): OutboxEntry[] {
  const blocked = new Set<string>();
  const unacknowledged = outbox.filter((entry) => entry.attempts > 0 && entry.refusal === null).length;
  let room = WINDOW - unacknowledged;
  const result: OutboxEntry[] = [];
  for (const entry of outbox) {
    if (entry.refusal !== null || blocked.has(entry.chat_id)) continue;
    const again = entry.attempts > 0;
    if (entry.due_at <= now && (again || room > 0)) {
      result.push(entry);
      if (!again) room -= 1;
    } else if (!again) {
      blocked.add(entry.chat_id);
    }
  }
  return result;
}

/** When to look again (ms), or null when nothing waits. */
export function nextDue(outbox: Outbox): number | null {
  const waiting = outbox.filter((entry) => entry.refusal === null).map((entry) => entry.due_at);
  return waiting.length === 0 ? null : Math.min(...waiting);
}

export function sent(outbox: Outbox, id: string, now: number, random: () => number = Math.random): Outbox {
  return change(outbox, id, (entry) => ({
    ...entry,
    attempts: entry.attempts + 1,
    due_at: now + backoff(entry.attempts, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random),
  }));
}

export function acknowledged(outbox: Outbox, id: string): Outbox {
  return outbox.some((entry) => entry.id === id) ? outbox.filter((entry) => entry.id !== id) : outbox;
}

export function refused(outbox: Outbox, id: string, refusal: string): Outbox {
  return change(outbox, id, (entry) => ({ ...entry, refusal }));
}

/** The person wants a refused message sent once more, under its old id. */
export function retried(outbox: Outbox, id: string, now: number): Outbox {
  return change(outbox, id, (entry) => ({ ...entry, refusal: null, attempts: 0, due_at: now }));
}

/** The server asked for a pause: nothing leaves before `now + pause`. */
export function slowed(outbox: Outbox, now: number, pause: number): Outbox {
  return outbox.map((entry) => ({ ...entry, due_at: Math.max(entry.due_at, now + pause) }));
}

/** A new connection knows nothing of what the old one carried: everything is due at once. */
export function reconnected(outbox: Outbox, now: number): Outbox {
  return outbox.map((entry) => (entry.refusal === null ? { ...entry, attempts: 0, due_at: now } : entry));
}

function change(outbox: Outbox, id: string, how: (entry: OutboxEntry) => OutboxEntry): Outbox {
  return outbox.map((entry) => (entry.id === id ? how(entry) : entry));
}
