import { expect, test } from "vitest";
import type { Chat, Message, Mine } from "../../api/types";
import { hasGap } from "../messages/history";
import { plain, queued } from "../messages/outbox";
import { statusOf } from "../messages/status";
import {
  chatsByActivity,
  emptyState,
  heads,
  TOO_FAR_BEHIND,
  unreadCount,
  withAck,
  withChanges,
  withChats,
  withDraft,
  withMessage,
  withMessages,
  withoutChat,
  withoutOldTyping,
  withoutPresence,
  withPresence,
  withTyping,
  withWatermarks,
} from "./state";

const member = (user_id: string, seq = 0) => ({
  user_id,
  full_name: user_id,
  cyphr_id: null,
  avatar_url: null,
  role: "member",
  received_seq: seq,
  read_seq: seq,
});

const chat = (id: string, last_seq: number, fields: Partial<Chat> = {}): Chat => ({
  id,
  type: "direct",
  name: null,
  avatar_url: null,
  members: [member("me"), member("anna")],
  member_count: 2,
  last_seq,
  last_message: null,
  last_change: 0,
  disappear_after: null,
  who_may_send: "member",
  who_may_add: "admin",
  who_may_change: "admin",
  history: "joining",
  mine: null,
  created_at: "2025-01-01T00:00:00Z",
  ...fields,
});

const message = (seq: number, fields: Partial<Message> = {}): Message => ({
  id: `m${seq}`,
  chat_id: "one",
  sender_id: "anna",
  client_id: `c${seq}`,
  seq,
  content: "text",
  message_type: "text",
  reply_to_id: null,
  edited_at: null,
  deleted_at: null,
  expires_at: null,
  changed: null,
  forwarded: null,
  mentions: [],
  formatting: [],
  reactions: [],
  hidden: false,
  created_at: "2025-01-02T00:00:00Z",
  ...fields,
});

const me = () => withChats(emptyState("me"), [chat("one", 0), chat("two", 7)]);

test("hello names the last number held of each chat, never one beyond a gap", () => {
  const state = withMessages(withMessages(me(), "one", [message(1)]), "one", [message(3)]);
  expect(heads(state)).toEqual({ one: 1, two: 7 });
  expect(hasGap(state.histories["one"]!)).toBe(true);
  expect(heads(withMessages(state, "one", [message(2)]))).toEqual({ one: 3, two: 7 });
});

test("a changed message is shown as it is now, in its place and in the list", () => {
  const state = withMessages(me(), "one", [message(1), message(2)]);
  const edited = message(2, { content: "better", edited_at: "2025-01-02T00:01:00Z", changed: 1 });
  const after = withChanges(state, "one", [edited, message(9, { changed: 2 })], 2);
  expect(after.histories["one"]!.messages.map(({ content }) => content)).toEqual(["text", "better"]);
  expect(after.chats["one"]).toMatchObject({ last_change: 2, last_message: { content: "better" } });
  expect(after.histories["one"]!.head).toBe(2);
});

test("a list of chats does not pass over changes that are yet to be fetched", () => {
  const state = withChanges(withMessages(me(), "one", [message(1)]), "one", [], 3);
  expect(withChats(state, [chat("one", 1, { last_change: 8 })]).chats["one"]!.last_change).toBe(3);
});

test("an acknowledged message leaves the outbox and stands in the chat under its number", () => {
  const state = { ...me(), outbox: [queued("x", "one", plain("hello"), 0), queued("y", "one", plain("again"), 1)] };
  const after = withAck(state, "x", { message_id: "m1", seq: 1, ts: "2025-01-02T00:00:00Z" });
  expect(after.outbox.map(({ id }) => id)).toEqual(["y"]);
  expect(after.histories["one"]!.messages).toMatchObject([{ client_id: "x", seq: 1, content: "hello", sender_id: "me" }]);
});

test("the first acknowledgement coming twice adds nothing", () => {
  const state = { ...me(), outbox: [queued("x", "one", plain("hello"), 0)] };
  const ack = { message_id: "m1", seq: 1, ts: "2025-01-02T00:00:00Z" };
  const once = withAck(state, "x", ack);
  expect(withAck(once, "x", ack)).toEqual(once);
});

test("one's own message that comes back as an event or in a page counts as acknowledged", () => {
  const state = { ...me(), outbox: [queued("x", "one", plain("hello"), 0)] };
  const after = withMessages(state, "one", [message(1, { sender_id: "me", client_id: "x" })]);
  expect(after.outbox).toEqual([]);
  const again = withAck(after, "x", { message_id: "m1", seq: 1, ts: "" });
  expect(again.histories["one"]!.messages).toHaveLength(1);
});

test("another's message with the id of one's own does not empty the outbox", () => {
  const state = { ...me(), outbox: [queued("x", "one", plain("hello"), 0)] };
  expect(withMessages(state, "one", [message(1, { client_id: "x" })]).outbox).toHaveLength(1);
});

test("watermarks only rise, whatever order receipts and lists come in", () => {
  let state = withWatermarks(me(), "two", "anna", { received_seq: 5, read_seq: 3 });
  state = withWatermarks(state, "two", "anna", { received_seq: 4, read_seq: 1 });
  state = withChats(state, [chat("two", 7, { members: [member("me"), member("anna", 2)] })]);
  expect(state.chats["two"]!.members[1]).toMatchObject({ received_seq: 5, read_seq: 3 });
});

test("a message is sent, then delivered, then read when every other member has it", () => {
  const group = chat("one", 3, { members: [member("me"), member("anna"), member("boris")] });
  const mine = message(2, { sender_id: "me" });
  let state = withChats(emptyState("me"), [group]);
  const status = () => statusOf(mine, state.chats["one"]!);
  expect(status()).toBe("sent");
  state = withWatermarks(state, "one", "anna", { read_seq: 3 });
  expect(status()).toBe("sent");
  state = withWatermarks(state, "one", "boris", { received_seq: 2 });
  expect(status()).toBe("delivered");
  state = withWatermarks(state, "one", "boris", { read_seq: 2 });
  expect(status()).toBe("read");
});

test("unread counts what came after the last that was read, and nothing after one's own", () => {
  let state = withMessages(me(), "one", [message(1), message(2)]);
  expect(unreadCount(state, state.chats["one"]!)).toBe(2);
  state = withWatermarks(state, "one", "me", { read_seq: 1 });
  expect(unreadCount(state, state.chats["one"]!)).toBe(1);
  state = withMessages(state, "one", [message(3, { sender_id: "me" })]);
  expect(unreadCount(state, state.chats["one"]!)).toBe(0);
});

test("a device that is far behind starts from the end, one that is a little behind keeps what it has", () => {
  const state = withMessages(me(), "one", [message(1)]);
  expect(withChats(state, [chat("one", 100)]).histories["one"]!.head).toBe(1);
  expect(withChats(state, [chat("one", TOO_FAR_BEHIND + 2)]).histories["one"]!.head).toBe(TOO_FAR_BEHIND + 2);
});

test("who comes back into a chat holds nothing from before they could see it, and still knows who was there", () => {
  const mine = { role: "member", received_seq: 9, read_seq: 9, visible_from_seq: 9, muted_until: null, muted_for_ever: false, pin_place: null, archived: false, unread: 0, unread_mentions: 0 };
  const state = withMessages(me(), "one", [message(1)]);
  const back = withChats(state, [chat("one", 10, { mine, members: [member("me")] })]);
  expect(back.histories["one"]).toMatchObject({ messages: [], head: 10 });
  expect(back.names["anna"]).toBe("anna");
  const left = withoutChat(back, "one");
  expect([left.chats["one"], left.histories["one"]]).toEqual([undefined, undefined]);
});

test("the chat with the newest message, sent or waiting to be, comes first", () => {
  let state = withMessages(me(), "one", [message(1)]);
  expect(chatsByActivity(state).map(({ id }) => id)).toEqual(["one", "two"]);
  state = { ...state, outbox: [queued("x", "two", plain("hello"), Date.parse("2025-01-03T00:00:00Z"))] };
  expect(chatsByActivity(state).map(({ id }) => id)).toEqual(["two", "one"]);
});

test("of a chat that was left meanwhile nobody types", () => {
  const state = me();
  expect(withTyping(state, "left", "anna", 1000)).toBe(state);
});

test("typing ends after six seconds or with a message", () => {
  const state = withTyping({ ...me(), chats: { one: chat("one", 0) } }, "one", "anna", 1000);
  expect(withoutOldTyping(state, 6999)).toBe(state);
  expect(withoutOldTyping(state, 7000).typing["one"]).toEqual({});
  expect(withMessages(state, "one", [message(1)]).typing["one"]).toEqual({});
});

const mine = (fields: Partial<Mine>): Mine => ({
  role: "member",
  received_seq: 0,
  read_seq: 0,
  visible_from_seq: 0,
  muted_until: null,
  muted_for_ever: false,
  pin_place: null,
  archived: false,
  unread: 0,
  unread_mentions: 0,
  ...fields,
});

test("a new mention is counted once, and none is left when all is read", () => {
  const listed = chat("one", 2, { mine: mine({ unread_mentions: 1 }) });
  let state = withChats(emptyState("me"), [listed]);
  // What the list has counted comes again with the resume.
  state = withMessages(state, "one", [message(2, { mentions: ["me"] }), message(3, { mentions: ["me"] })]);
  expect(state.chats["one"]!.mine!.unread_mentions).toBe(2);
  expect(withMessages(state, "one", [message(3, { mentions: ["me"] })]).chats["one"]!.mine!.unread_mentions).toBe(2);
  expect(withWatermarks(state, "one", "me", { read_seq: 3 }).chats["one"]!.mine!.unread_mentions).toBe(0);
});

test("a new message takes a chat out of the archive, unless it is muted", () => {
  const after = (fields: Partial<Mine>) => {
    const state = withChats(emptyState("me"), [chat("one", 1, { mine: mine({ archived: true, ...fields }) })]);
    return withMessages(state, "one", [message(2)]).chats["one"]!.mine!.archived;
  };
  expect([after({}), after({ muted_for_ever: true })]).toEqual([false, true]);
});

test("an answer that is older than what is held changes nothing", () => {
  const state = withChanges(withMessages(me(), "one", [message(1)]), "one", [message(1, { content: "new", changed: 4 })], 4);
  expect(withMessage(state, message(1, { content: "old", changed: 3 }))).toBe(state);
  expect(withMessage(state, message(1, { content: "newest", changed: 5 })).chats["one"]).toMatchObject({ last_change: 4, last_message: { content: "newest" } });
});

test("only what another device wrote asks the field to show it", () => {
  const here = withDraft(me(), "one", { content: "hel", reply_to_id: null }, false);
  expect(here.drafts["one"]).toEqual({ content: "hel", reply_to_id: null, revision: 0 });
  expect(withDraft(here, "one", { content: "hel", reply_to_id: null }, true)).toBe(here);
  expect(withDraft(here, "one", null, true).drafts["one"]).toEqual({ content: "", reply_to_id: null, revision: 1 });
});

test("who is here is known of open chats alone", () => {
  const anna = { user_id: "anna", online: true, last_seen: null };
  const state = withPresence(withPresence(me(), "one", [anna]), "one", [{ ...anna, user_id: "boris" }]);
  expect(Object.keys(state.presence["one"]!)).toEqual(["anna", "boris"]);
  expect(withoutPresence(state, "one").presence["one"]).toBeUndefined();
});
