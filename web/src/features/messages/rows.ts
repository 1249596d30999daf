/** The lines of a conversation, top to bottom: stored messages and then those that wait, with what stands between them. */

import type { Entity, Forwarded, Message } from "../../api/types";
import { daysBetween } from "../../lib/times";
import type { OutboxEntry } from "./outbox";

export interface Row {
  /** The same before and after the acknowledgement, so that a bubble stays itself. */
  key: string;
  senderId: string | null;
  content: string;
  formatting: readonly Entity[];
  /** Members that it calls by name. */
  mentions: readonly string[];
  /** The message that it answers. */
  replyTo: string | null;
  forwarded: Forwarded | null;
  /** What became of it, if it does not say any more what it said. */
  fate: "edited" | "deleted" | "expired" | null;
  at: string;
  message: Message | null;
  entry: OutboxEntry | null;
  /** The chat itself says that something has changed. */
  notice: boolean;
  /** A new day begins here. */
  day: boolean;
  /** First and last of a run of one sender within a few minutes. */
  opens: boolean;
  closes: boolean;
}

const RUN_MS = 5 * 60_000;

export function rowsOf(messages: readonly Message[], waiting: readonly OutboxEntry[], me: string): Row[] {
  const rows: Row[] = [];
  for (const message of messages) rows.push(stored(message));
  for (const entry of waiting) rows.push(waits(entry, me));
  rows.forEach((one, index) => {
    const before = rows[index - 1];
    one.day = before === undefined || daysBetween(new Date(before.at), new Date(one.at)) !== 0;
    one.opens = before === undefined || one.day || !together(before, one);
    one.closes = true;
    if (before !== undefined && !one.opens) before.closes = false;
  });
  return rows;
}

const ALONE = { day: false, opens: false, closes: false };

// A client id is unique per sender only.
const keyOf = (senderId: string, id: string): string => `${senderId}/${id}`;

function stored(message: Message): Row {
  return {
    ...ALONE,
    key: keyOf(message.sender_id, message.client_id ?? message.id),
    senderId: message.sender_id,
    content: message.content ?? "",
    formatting: message.formatting,
    mentions: message.mentions,
    replyTo: message.reply_to_id,
    forwarded: message.forwarded,
    fate: fateOf(message),
    at: message.created_at,
    message,
    entry: null,
    notice: message.message_type === "notice",
  };
}

function waits(entry: OutboxEntry, me: string): Row {
  const { content, formatting, mentions, reply_to_id, forward } = entry;
  return {
    ...ALONE,
    key: keyOf(me, entry.id),
    senderId: me,
    content,
    formatting,
    mentions,
    replyTo: reply_to_id,
    forwarded: forward,
    fate: null,
    at: entry.created_at,
    message: null,
    entry,
    notice: false,
  };
}

export function fateOf(message: Message): Row["fate"] {
  if (message.deleted_at !== null && message.deleted_at === message.expires_at) return "expired";
  if (message.deleted_at !== null || message.hidden) return "deleted";
  return message.edited_at === null ? null : "edited";
}

function together(one: Row, next: Row): boolean {
  return one.senderId === next.senderId && one.notice === next.notice && Math.abs(Date.parse(next.at) - Date.parse(one.at)) < RUN_MS;
}
