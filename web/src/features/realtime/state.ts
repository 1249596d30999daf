/** Everything the messenger shows, and how each event changes it. Pure: no network, no clock, no storage. */

import type { Chat, Member, MemberPresence, Message, Mine } from "../../api/types";
import { isMuted } from "../chats/listing";
import { historyAt, insert, replace, type History } from "../messages/history";
import { acknowledged, type Outbox } from "../messages/outbox";

export type ConnectionState = "connecting" | "live" | "waiting" | "offline";

/** What one has begun to write. `revision` rises when another device wrote it. */
export interface DraftState {
  readonly content: string;
  readonly reply_to_id: string | null;
  readonly revision: number;
}

export interface MessengerState {
  readonly me: string;
  readonly chats: Readonly<Record<string, Chat>>;
  /** Person → their name, of everybody who was seen in a chat: notices also speak of who has left. */
  readonly names: Readonly<Record<string, string>>;
  readonly histories: Readonly<Record<string, History>>;
  readonly outbox: Outbox;
  /** chat → person → until when (ms) they are shown as typing. */
  readonly typing: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly drafts: Readonly<Record<string, DraftState>>;
  /** chat → person → whether they are here, of the chats that are on the screen. */
  readonly presence: Readonly<Record<string, Readonly<Record<string, MemberPresence>>>>;
  readonly connection: ConnectionState;
  /** False until the list of chats is known, from this device or from the server. */
  readonly loaded: boolean;
}

/** A device that is further behind than this starts from the end of the chat instead of fetching everything between. */
export const TOO_FAR_BEHIND = 500;
const TYPING_MS = 6_000;

export function emptyState(me: string): MessengerState {
  return {
    me,
    chats: {},
    names: {},
    histories: {},
    outbox: [],
    typing: {},
    drafts: {},
    presence: {},
    connection: "connecting",
    loaded: false,
  };
}

/** The server's list of chats. Watermarks only ever rise: what this device knows may be ahead of the list. */
export function withChats(state: MessengerState, list: readonly Chat[]): MessengerState {
  const chats: Record<string, Chat> = {};
  const histories: Record<string, History> = {};
  for (const chat of list) {
    const known = state.chats[chat.id];
    chats[chat.id] = known === undefined ? chat : newest(known, chat);
    const history = state.histories[chat.id];
    histories[chat.id] = history === undefined || startsAnew(chat, history) ? beginning(chat) : history;
  }
  return { ...state, chats, histories, names: withNames(state, list), loaded: true };
}

export function withChat(state: MessengerState, chat: Chat): MessengerState {
  const known = state.chats[chat.id];
  const history = state.histories[chat.id];
  return {
    ...state,
    chats: { ...state.chats, [chat.id]: known === undefined ? chat : newest(known, chat) },
    names: withNames(state, [chat]),
    histories: { ...state.histories, [chat.id]: history === undefined || startsAnew(chat, history) ? beginning(chat) : history },
  };
}

/** A chat that this person has left, or deleted for themselves, with everything that was held of it. */
export function withoutChat(state: MessengerState, chatId: string): MessengerState {
  if (state.chats[chatId] === undefined) return state;
  const { [chatId]: _chat, ...chats } = state.chats;
  const { [chatId]: _history, ...histories } = state.histories;
  return { ...state, chats, histories };
}

export function withMine(state: MessengerState, chatId: string, mine: Mine): MessengerState {
  const chat = state.chats[chatId];
  return chat === undefined ? state : { ...state, chats: { ...state.chats, [chatId]: { ...chat, mine } } };
}

/** Messages of one chat, from an event, an acknowledgement or a fetched page. Unknown chats are the caller's to fetch. */
export function withMessages(state: MessengerState, chatId: string, arrived: readonly Message[]): MessengerState {
  const chat = state.chats[chatId];
  if (chat === undefined || arrived.length === 0) return state;
  const history = insert(state.histories[chatId] ?? historyAt(chat.last_seq), arrived);
  const last = arrived.reduce((one, other) => (other.seq > one.seq ? other : one));
  let outbox = state.outbox;
  const typing = { ...state.typing[chatId] };
  for (const message of arrived) {
    if (message.sender_id === state.me && message.client_id !== null) outbox = acknowledged(outbox, message.client_id);
    if (message.sender_id !== null) delete typing[message.sender_id];
  }
  const moved =
    last.seq >= chat.last_seq
      ? { ...chat, last_seq: last.seq, last_message: last, mine: mineAfter(state.me, chat, arrived) }
      : chat;
  return {
    ...state,
    outbox,
    chats: { ...state.chats, [chatId]: moved },
    histories: { ...state.histories, [chatId]: history },
    typing: { ...state.typing, [chatId]: typing },
  };
}

/** Of what was held of a chat nothing joins what there is now: only its end is known. */
export function withFreshHistory(state: MessengerState, chatId: string, head: number): MessengerState {
  return { ...state, histories: { ...state.histories, [chatId]: historyAt(head) } };
}

/** The acknowledgement of a send: the entry leaves the outbox and becomes a message of the chat. */
export function withAck(
  state: MessengerState,
  id: string,
  ack: { message_id: string; seq: number; ts: string },
): MessengerState {
  const entry = state.outbox.find((one) => one.id === id);
  if (entry === undefined) return state;
  return withMessages(state, entry.chat_id, [
    {
      id: ack.message_id,
      chat_id: entry.chat_id,
      sender_id: state.me,
      client_id: id,
      seq: ack.seq,
      content: entry.content,
      message_type: "text",
      reply_to_id: entry.reply_to_id,
      created_at: ack.ts,
      edited_at: null,
      deleted_at: null,
      expires_at: lifeOf(state, entry.chat_id, ack.ts),
      changed: null,
      forwarded: entry.forward === null ? null : { sender_name: entry.forward.sender_name },
      mentions: [...entry.mentions],
      formatting: [...entry.formatting],
      reactions: [],
      hidden: false,
    },
  ]);
}

/** What became of messages, up to the change `last` of the chat. */
export function withChanges(
  state: MessengerState,
  chatId: string,
  changed: readonly Message[],
  last: number,
): MessengerState {
  const chat = state.chats[chatId];
  const history = state.histories[chatId];
  if (chat === undefined || history === undefined) return state;
  const newest = changed.find((message) => message.seq === chat.last_message?.seq);
  return {
    ...state,
    chats: { ...state.chats, [chatId]: { ...chat, last_change: last, last_message: newest ?? chat.last_message } },
    histories: { ...state.histories, [chatId]: replace(history, changed) },
  };
}

/** One message as it is now, by an answer that came ahead of its change, or by a guess. */
export function withMessage(state: MessengerState, message: Message): MessengerState {
  const chat = state.chats[message.chat_id];
  const held = state.histories[message.chat_id]?.messages.find((one) => one.id === message.id);
  if (chat === undefined || held === undefined || (held.changed ?? 0) > (message.changed ?? 0)) return state;
  return withChanges(state, message.chat_id, [message], chat.last_change);
}

export function withHidden(state: MessengerState, chatId: string, messageId: string): MessengerState {
  const history = state.histories[chatId];
  const message = history?.messages.find((one) => one.id === messageId);
  if (history === undefined || message === undefined) return state;
  return withMessage(state, { ...message, hidden: true, content: null });
}

export function withWatermarks(
  state: MessengerState,
  chatId: string,
  userId: string,
  marks: { received_seq?: number; read_seq?: number },
): MessengerState {
  const chat = state.chats[chatId];
  if (chat === undefined) return state;
  const members = chat.members.map((member) => (member.user_id === userId ? risen(member, marks) : member));
  const readAll = userId === state.me && (marks.read_seq ?? 0) >= chat.last_seq;
  const mine = readAll && chat.mine !== null ? { ...chat.mine, unread_mentions: 0 } : chat.mine;
  return { ...state, chats: { ...state.chats, [chatId]: { ...chat, members, mine } } };
}

/** What this device has written so far (`remote` false), or another one. Null: nothing any more. */
export function withDraft(
  state: MessengerState,
  chatId: string,
  draft: Pick<DraftState, "content" | "reply_to_id"> | null,
  remote: boolean,
): MessengerState {
  const known = state.drafts[chatId];
  const { content, reply_to_id } = draft ?? { content: "", reply_to_id: null };
  if ((known?.content ?? "") === content && (known?.reply_to_id ?? null) === reply_to_id) return state;
  const revision = (known?.revision ?? 0) + (remote ? 1 : 0);
  return { ...state, drafts: { ...state.drafts, [chatId]: { content, reply_to_id, revision } } };
}

export function withPresence(state: MessengerState, chatId: string, people: readonly MemberPresence[]): MessengerState {
  const told = Object.fromEntries(people.map((one) => [one.user_id, one]));
  return { ...state, presence: { ...state.presence, [chatId]: { ...state.presence[chatId], ...told } } };
}

/** Nobody tells any more who is in the chat. */
export function withoutPresence(state: MessengerState, chatId: string): MessengerState {
  const { [chatId]: _gone, ...presence } = state.presence;
  return { ...state, presence };
}

export function withTyping(state: MessengerState, chatId: string, userId: string, now: number): MessengerState {
  // Of a chat that was left meanwhile, it may still have been on its way.
  if (userId === state.me || state.chats[chatId] === undefined) return state;
  return {
    ...state,
    typing: { ...state.typing, [chatId]: { ...state.typing[chatId], [userId]: now + TYPING_MS } },
  };
}

/** Forget who stopped typing without sending. The same object when nothing changed. */
export function withoutOldTyping(state: MessengerState, now: number): MessengerState {
  const live = Object.entries(state.typing).map(
    ([chat, people]) => [chat, Object.entries(people).filter(([, until]) => until > now)] as const,
  );
  const before = Object.values(state.typing).reduce((sum, people) => sum + Object.keys(people).length, 0);
  if (live.reduce((sum, [, people]) => sum + people.length, 0) === before) return state;
  return { ...state, typing: Object.fromEntries(live.map(([chat, people]) => [chat, Object.fromEntries(people)])) };
}

/** The last number held of each chat, for `hello`. */
export function heads(state: MessengerState): Record<string, number> {
  return Object.fromEntries(Object.entries(state.histories).map(([chat, history]) => [chat, history.head]));
}

export function myMember(state: MessengerState, chat: Chat): Member | undefined {
  return chat.members.find((member) => member.user_id === state.me);
}

/** Messages of others after the last that was read. Whoever wrote the last message has read what came before it. */
export function unreadCount(state: MessengerState, chat: Chat): number {
  if (chat.last_message?.sender_id === state.me) return 0;
  return Math.max(0, chat.last_seq - (myMember(state, chat)?.read_seq ?? 0));
}

/** Newest activity first; a message that still waits to be sent counts. */
export function chatsByActivity(state: MessengerState): Chat[] {
  const activity = (chat: Chat) => {
    const waiting = state.outbox.filter((entry) => entry.chat_id === chat.id).map((entry) => entry.created_at);
    return [chat.created_at, chat.last_message?.created_at ?? "", ...waiting].map(moment).reduce((a, b) => Math.max(a, b));
  };
  const keyed = Object.values(state.chats).map((chat) => [activity(chat), chat] as const);
  return keyed.sort(([one], [other]) => other - one).map(([, chat]) => chat);
}

const moment = (at: string): number => (at === "" ? 0 : Date.parse(at));

function beginning(chat: Chat): History {
  const history = historyAt(chat.last_seq);
  return chat.last_message === null ? history : insert(history, [chat.last_message]);
}

function lifeOf(state: MessengerState, chatId: string, sentAt: string): string | null {
  const seconds = state.chats[chatId]?.disappear_after ?? null;
  return seconds === null ? null : new Date(Date.parse(sentAt) + seconds * 1_000).toISOString();
}

/** What the chat is to this person after new messages: mentions are counted, and the chat comes out of the archive. */
function mineAfter(me: string, chat: Chat, arrived: readonly Message[]): Mine | null {
  const fresh = arrived.filter((message) => message.seq > chat.last_seq);
  if (chat.mine === null || fresh.length === 0) return chat.mine;
  const mentions = fresh.filter((message) => message.mentions.includes(me)).length;
  const archived = chat.mine.archived && isMuted(chat.mine, Date.parse(fresh[0]!.created_at));
  return { ...chat.mine, archived, unread_mentions: chat.mine.unread_mentions + mentions };
}

/** What is held is too old to be joined to what comes, or from before one came back into the chat. */
function startsAnew(chat: Chat, history: History): boolean {
  return chat.last_seq - history.head > TOO_FAR_BEHIND || (chat.mine?.visible_from_seq ?? 0) > history.head;
}

function withNames(state: MessengerState, chats: readonly Chat[]): Readonly<Record<string, string>> {
  const seen = chats.flatMap((chat) => chat.members).filter((member) => state.names[member.user_id] !== member.full_name);
  if (seen.length === 0) return state.names;
  return { ...state.names, ...Object.fromEntries(seen.map((member) => [member.user_id, member.full_name])) };
}

/** `last_change` is the last that this device holds, not the last that there is: the difference is yet to be fetched. */
function newest(known: Chat, told: Chat): Chat {
  const members = told.members.map((member) => {
    const before = known.members.find((one) => one.user_id === member.user_id);
    return before === undefined ? member : risen(member, before);
  });
  const last_change = known.last_change;
  if (known.last_seq <= told.last_seq) return { ...told, members, last_change };
  return { ...told, members, last_change, last_seq: known.last_seq, last_message: known.last_message };
}

function risen(member: Member, marks: { received_seq?: number; read_seq?: number }): Member {
  const read_seq = Math.max(member.read_seq, marks.read_seq ?? 0);
  return { ...member, read_seq, received_seq: Math.max(member.received_seq, marks.received_seq ?? 0, read_seq) };
}
