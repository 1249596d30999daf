/**
 * The messenger of the signed-in person: joins state, connection, storage and the HTTP API. One per page and person.
 * Components read it with `useMessenger`.
 */

import { listChats, readChat } from "../../api/client";
import type { ServerEvent } from "../../api/events";
import { listChanges, listMessages, readMessage } from "../../api/messages";
import { Problem } from "../../api/problem";
import type { Chat, Message, Mine } from "../../api/types";
import { uuid7 } from "../../lib/uuid7";
import { Drafts } from "../messages/drafts";
import { hasGap } from "../messages/history";
import * as outbox from "../messages/outbox";
import { withOwnKept } from "../messages/reactions";
import { Connection } from "./connection";
import * as change from "./state";
import { emptyState, heads, myMember, type MessengerState } from "./state";
import { Storage } from "./storage";

const PAGE = 50;
const LARGE_PAGE = 200;
const CACHED_CHATS = 40;
/** A hello is one frame of at most 28 KB; the server sends what is newer in other chats from their beginning. */
const HELLO_CHATS = 400;
const TYPING_EVERY_MS = 3_000;
const SAVE_CHATS_AFTER_MS = 400;

export class Messenger {
  readonly drafts: Drafts;
  private state: MessengerState;
  private readonly listeners = new Set<() => void>();
  private readonly settingsListeners = new Set<() => void>();
  private readonly connection: Connection;
  private storage: Storage | null = null;
  private stopped = false;
  private readonly fetching = new Set<string>();
  private readonly pages = new Map<string, Promise<void>>();
  /** The chats that are on the screen. */
  private readonly open = new Set<string>();
  private readonly typedAt = new Map<string, number>();
  private refreshing: Promise<void> | null = null;
  /** Chat → how far the server knows this person to have read, as of the last list. */
  private told = new Map<string, number>();
  private sendTimer = 0;
  private saveTimer = 0;
  private typingTimer = 0;

  constructor(personId: string) {
    this.state = emptyState(personId);
    this.drafts = new Drafts(this);
    this.connection = new Connection({
      prepare: () => this.prepareHello(),
      onEvent: (event) => this.handle(event),
      onState: (connection) => this.update({ ...this.state, connection }),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Called when another device of this person has changed their settings. */
  readonly subscribeToSettings = (listener: () => void): (() => void) => {
    this.settingsListeners.add(listener);
    return () => this.settingsListeners.delete(listener);
  };

  readonly current = (): MessengerState => this.state;

  async start(): Promise<void> {
    try {
      const storage = await Storage.open(this.state.me);
      // Without IndexedDB (some private windows) everything works, but the outbox lives only as long as the page.
      await this.remember(storage);
      this.storage = storage;
    } catch (error) {
      console.warn("Cyphr cannot keep anything on this device:", error);
    }
    if (this.stopped) this.storage?.close();
    else this.connection.start();
  }

  stop(): void {
    this.stopped = true;
    this.connection.stop();
    this.drafts.stop();
    this.storage?.close();
    window.clearTimeout(this.sendTimer);
    window.clearTimeout(this.saveTimer);
    window.clearInterval(this.typingTimer);
  }

  /** Show a message at once; it is sent as soon as there is a connection, and again until the server has it. */
  sendMessage(chatId: string, outgoing: outbox.Outgoing): void {
    const entry = outbox.queued(uuid7(), chatId, outgoing, Date.now());
    this.update({ ...this.state, outbox: [...this.state.outbox, entry] });
    // First remembered, then sent: what left this device is never forgotten by it.
    void this.keep((storage) => storage.putOutboxEntry(entry)).then(() => this.flush());
  }

  retryMessage(id: string): void {
    this.update({ ...this.state, outbox: outbox.retried(this.state.outbox, id, Date.now()) });
    this.flush();
  }

  discardMessage(id: string): void {
    this.update({ ...this.state, outbox: outbox.acknowledged(this.state.outbox, id) });
  }

  typed(chatId: string): void {
    const now = Date.now();
    if (now - (this.typedAt.get(chatId) ?? 0) < TYPING_EVERY_MS) return;
    if (this.connection.send({ t: "typing", chat: chatId })) this.typedAt.set(chatId, now);
  }

  /** Everything that is held of the chat has been seen. */
  markRead(chatId: string): void {
    const chat = this.state.chats[chatId];
    const head = this.state.histories[chatId]?.head ?? 0;
    if (chat === undefined || head === 0 || (myMember(this.state, chat)?.read_seq ?? 0) >= head) return;
    this.update(change.withWatermarks(this.state, chatId, this.state.me, { read_seq: head }));
    this.connection.send({ t: "read", chat: chatId, d: { seq: head } });
  }

  /** Fetch the page before the oldest message held. */
  async loadOlder(chatId: string, limit = PAGE): Promise<void> {
    const history = this.state.histories[chatId];
    if (history === undefined) return;
    const before = history.messages[0]?.seq ?? history.head + 1;
    if (before > 1) await this.fetchOnce(`${chatId} older`, chatId, { before }, limit);
  }

  /** Fetch pages until the message with this number is held, or there are no more. */
  async loadBackTo(chatId: string, seq: number): Promise<void> {
    let oldest = Number.POSITIVE_INFINITY;
    for (;;) {
      const history = this.state.histories[chatId];
      const first = history?.messages[0]?.seq ?? (history?.head ?? 0) + 1;
      if (first <= seq || first >= oldest) return;
      oldest = first;
      await this.loadOlder(chatId, LARGE_PAGE);
    }
  }

  addChat(chat: Chat): void {
    this.update(change.withChat(this.state, chat));
  }

  removeChat(chatId: string): void {
    this.update(change.withoutChat(this.state, chatId));
  }

  setMine(chatId: string, mine: Mine): void {
    this.update(change.withMine(this.state, chatId, mine));
  }

  /** Who is in the chat, or what it is called, may have changed. Next time if it cannot be asked now. */
  refreshChat(chatId: string): void {
    void readChat(chatId)
      .then((chat) => this.addChat(chat))
      .catch(() => undefined);
  }

  /** Show a message as it is now, or as it will be once the server knows. */
  showMessage(message: Message): void {
    this.update(change.withMessage(this.state, message));
    void this.keep((storage) => storage.putMessages([message]));
  }

  hideMessage(chatId: string, messageId: string): void {
    this.update(change.withHidden(this.state, chatId, messageId));
    const hidden = this.state.histories[chatId]?.messages.find((one) => one.id === messageId);
    if (hidden !== undefined) void this.keep((storage) => storage.putMessages([hidden]));
  }

  showDraft(chatId: string, draft: { content: string; reply_to_id: string | null } | null, remote: boolean): void {
    this.update(change.withDraft(this.state, chatId, draft, remote));
  }

  /** The chat is on the screen: who of its members is here is asked and told until `leaveChat`. */
  enterChat(chatId: string): void {
    this.open.add(chatId);
    this.connection.send({ t: "open", chat: chatId });
  }

  leaveChat(chatId: string): void {
    this.open.delete(chatId);
    this.connection.send({ t: "close", chat: chatId });
    this.update(change.withoutPresence(this.state, chatId));
  }

  private async remember(storage: Storage): Promise<void> {
    const [chats, waiting] = await Promise.all([storage.readChats(), storage.readOutbox()]);
    let state: MessengerState = { ...this.state, outbox: outbox.reconnected(waiting, Date.now()) };
    if (chats.length > 0) {
      const newest = change.chatsByActivity(change.withChats(state, chats)).slice(0, CACHED_CHATS);
      const recent = await Promise.all(newest.map((chat) => storage.readRecent(chat.id)));
      newest.forEach((chat, index) => {
        const messages = recent[index] ?? [];
        const head = messages.at(-1)?.seq;
        if (head === undefined) return;
        state = { ...state, histories: { ...state.histories, [chat.id]: { messages, head, held: [] } } };
      });
      state = change.withChats(state, chats);
    }
    this.update(state);
  }

  private async prepareHello(): Promise<Record<string, number>> {
    await this.refreshChats();
    const newest = change.chatsByActivity(this.state).slice(0, HELLO_CHATS);
    const known = heads(this.state);
    return Object.fromEntries(newest.map((chat) => [chat.id, known[chat.id] ?? 0]));
  }

  private refreshChats(): Promise<void> {
    this.refreshing ??= listChats()
      .then((list) => {
        this.told = new Map(list.map((chat) => [chat.id, myMember(this.state, chat)?.read_seq ?? 0]));
        this.update(change.withChats(this.state, list));
        for (const { id, last_change } of list) this.catchUp(id, last_change);
      })
      .finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  private handle(event: ServerEvent): void {
    switch (event.t) {
      case "msg":
        return this.arrive(event.chat, [event.d.message], true);
      case "change":
        return this.changed(event.chat, event.change, event.d.message);
      case "hidden":
        return this.hideMessage(event.chat, event.d.message_id);
      case "resume.page":
        return this.arrive(event.chat, event.d.messages, true);
      case "resume.changes":
        return this.update(change.withChanges(this.state, event.chat, event.d.messages, event.change));
      case "resume.more":
        this.connection.resumeFrom(heads(this.state));
        return;
      case "resync":
        return this.loadAnew(event.d.heads);
      case "ack":
        return this.handleAck(event.id, event.d);
      case "receipt":
        return this.update(change.withWatermarks(this.state, event.chat, event.d.user_id, event.d));
      case "typing":
        this.update(change.withTyping(this.state, event.chat, event.d.user_id, Date.now()));
        return this.watchTyping();
      case "chat":
        this.addChat(event.d.chat as Chat);
        // What several people hear leaves out what the chat is to each of them.
        return (event.d.chat.mine ?? null) === null ? this.refreshChat(event.chat) : undefined;
      case "chat.left":
      case "chat.cleared":
        return this.removeChat(event.chat);
      case "chat.settings":
        return this.setMine(event.chat, event.d.mine);
      case "presence":
        return this.update(change.withPresence(this.state, event.chat, event.d.people));
      case "resume.done":
        return this.resumed();
      case "error":
        return this.handleError(event.id, event.d);
      case "slow":
        this.update({ ...this.state, outbox: outbox.slowed(this.state.outbox, Date.now(), event.d.retry_ms) });
        return this.flush();
      case "draft":
        return this.drafts.arrive(event.chat, event.d.draft);
      case "me.device":
      case "me.settings":
        return this.settingsListeners.forEach((listener) => listener());
      case "pong":
      case "bye":
        return;
    }
  }

  private arrive(chatId: string, messages: Message[], live: boolean): void {
    if (this.state.chats[chatId] === undefined) {
      // Its list entry holds the number of this message, so the message itself comes with the history.
      void this.refreshChats().catch(() => undefined);
      return;
    }
    this.update(change.withMessages(this.state, chatId, messages));
    if (live && messages.some((message) => message.message_type === "notice")) this.refreshChat(chatId);
    const history = this.state.histories[chatId]!;
    // While a resume is under way, what is missing is still to come.
    if (hasGap(history) && this.state.connection === "live") this.closeGap(chatId, history.head);
    void this.keep((storage) => storage.putMessages(messages)).then(() => {
      if (live && messages.some((message) => message.sender_id !== this.state.me)) this.acknowledgeReceipt(chatId);
    });
  }

  private changed(chatId: string, number: number, message: Message | null): void {
    const held = this.state.chats[chatId]?.last_change;
    if (held === undefined || number <= held) return;
    if (number > held + 1) return this.catchUp(chatId, number);
    const before = this.state.histories[chatId]?.messages.find((one) => one.id === message?.id);
    const messages = message === null ? [] : [withOwnKept(message, before, this.state.me)];
    this.update(change.withChanges(this.state, chatId, messages, number));
    void this.keep((storage) => storage.putMessages(messages));
  }

  /** Fetch what became of messages while this device did not listen. */
  private catchUp(chatId: string, last: number): void {
    const held = this.state.chats[chatId]?.last_change ?? last;
    const key = `${chatId} changes`;
    if (held >= last || this.fetching.has(key)) return;
    this.fetching.add(key);
    void listChanges(chatId, held)
      .then(async (changes) => {
        this.fetching.delete(key);
        this.update(change.withChanges(this.state, chatId, changes.messages, changes.change));
        await this.keep((storage) => storage.putMessages(changes.messages));
        if (changes.more) this.catchUp(chatId, changes.change + 1);
      })
      .catch((error: unknown) => {
        // Tried again with the next change or the next connection.
        if (!(error instanceof Problem)) throw error;
      })
      .finally(() => this.fetching.delete(key));
  }

  /** `recv`: only after the message has been stored on this device. */
  private acknowledgeReceipt(chatId: string): void {
    const chat = this.state.chats[chatId];
    const head = this.state.histories[chatId]?.head ?? 0;
    if (chat === undefined || (myMember(this.state, chat)?.received_seq ?? 0) >= head) return;
    if (!this.connection.send({ t: "recv", chat: chatId, d: { seq: head } })) return;
    this.update(change.withWatermarks(this.state, chatId, this.state.me, { received_seq: head }));
  }

  /** Too much was missed to be sent: the newest page is fetched, the rest when somebody looks for it. */
  private loadAnew(latest: Record<string, number>): void {
    for (const [chatId, head] of Object.entries(latest)) {
      if (this.state.chats[chatId] === undefined) continue;
      this.update(change.withFreshHistory(this.state, chatId, head));
      void this.fetchOnce(`${chatId} older`, chatId, { before: head + 1 });
    }
  }

  private handleAck(id: string, ack: { message_id?: string | null; seq: number; ts?: string | null }): void {
    const entry = this.state.outbox.find((one) => one.id === id);
    if (entry === undefined || ack.message_id == null || ack.ts == null) return;
    const { message_id, seq, ts } = ack;
    this.update(change.withAck(this.state, id, { message_id, seq, ts }));
    const history = this.state.histories[entry.chat_id];
    if (history === undefined) return;
    if (hasGap(history)) void this.fetchOnce(`${entry.chat_id} gap`, entry.chat_id, { after: history.head });
    // Whether the writer of what was forwarded is named, only the server knows.
    if (entry.forward !== null) void readMessage(entry.chat_id, message_id).then((told) => this.showMessage(told), () => undefined);
    const message = history.messages.findLast((one) => one.client_id === id);
    if (message !== undefined) void this.keep((storage) => storage.putMessages([message]));
    this.flush();
  }

  private handleError(id: string | null | undefined, problem: { code: string; retryable: boolean }): void {
    // A retryable refusal needs nothing: the entry is due again by itself.
    if (id == null || problem.retryable) return;
    this.update({ ...this.state, outbox: outbox.refused(this.state.outbox, id, problem.code) });
  }

  private closeGap(chatId: string, head: number): void {
    void this.fetchOnce(`${chatId} gap`, chatId, { after: head });
  }

  private resumed(): void {
    for (const [chatId, history] of Object.entries(this.state.histories)) {
      if (hasGap(history)) this.closeGap(chatId, history.head);
    }
    this.update({ ...this.state, outbox: outbox.reconnected(this.state.outbox, Date.now()) });
    for (const chatId of this.open) this.connection.send({ t: "open", chat: chatId });
    void this.drafts.synchronise();
    for (const chat of Object.values(this.state.chats)) {
      this.acknowledgeReceipt(chat.id);
      const read = myMember(this.state, chat)?.read_seq ?? 0;
      if (read > (this.told.get(chat.id) ?? 0)) this.connection.send({ t: "read", chat: chat.id, d: { seq: read } });
    }
    this.flush();
  }

  private flush(): void {
    window.clearTimeout(this.sendTimer);
    const now = Date.now();
    for (const entry of outbox.due(this.state.outbox, now)) {
      const { id, chat_id: chat } = entry;
      if (!this.connection.send({ t: "msg.send", id, chat, d: outbox.bodyOf(entry) })) return;
      this.update({ ...this.state, outbox: outbox.sent(this.state.outbox, id, now) });
    }
    const next = outbox.nextDue(this.state.outbox);
    if (next !== null) this.sendTimer = window.setTimeout(() => this.flush(), Math.max(next - now, 50));
  }

  /** Who asks while the same is under way waits for that. */
  private fetchOnce(key: string, chatId: string, at: { after: number } | { before: number }, limit = PAGE): Promise<void> {
    let page = this.pages.get(key);
    if (page === undefined) {
      page = this.fetchPage(chatId, at, limit, () => this.pages.delete(key));
      this.pages.set(key, page);
    }
    return page;
  }

  private async fetchPage(
    chatId: string,
    at: { after: number } | { before: number },
    limit: number,
    over: () => void,
  ): Promise<void> {
    try {
      const page = await listMessages(chatId, at, limit);
      // What arrives may show another gap, for which the same is asked again.
      over();
      if (page.messages.length > 0) this.arrive(chatId, page.messages, "after" in at);
    } catch (error) {
      over();
      // Tried again with the next message, the next scroll or the next connection.
      if (!(error instanceof Problem)) throw error;
    }
  }

  private watchTyping(): void {
    if (this.typingTimer !== 0) return;
    this.typingTimer = window.setInterval(() => {
      this.update(change.withoutOldTyping(this.state, Date.now()));
      if (Object.values(this.state.typing).every((people) => Object.keys(people).length === 0)) {
        window.clearInterval(this.typingTimer);
        this.typingTimer = 0;
      }
    }, 1_000);
  }

  private update(next: MessengerState): void {
    const before = this.state;
    if (next === before) return;
    this.state = next;
    this.forgetSent(before.outbox, next.outbox);
    if (next.chats !== before.chats && this.saveTimer === 0) {
      this.saveTimer = window.setTimeout(() => {
        this.saveTimer = 0;
        void this.keep((storage) => storage.putChats(Object.values(this.state.chats)));
      }, SAVE_CHATS_AFTER_MS);
    }
    this.listeners.forEach((listener) => listener());
  }

  private forgetSent(before: outbox.Outbox, after: outbox.Outbox): void {
    if (before === after) return;
    const left = new Set(after.map((entry) => entry.id));
    for (const { id } of before) {
      if (!left.has(id)) void this.keep((storage) => storage.removeOutboxEntry(id));
    }
  }

  private async keep(write: (storage: Storage) => Promise<void>): Promise<void> {
    if (this.storage === null || this.stopped) return;
    // A full or vanished disk costs the memory of this device, never the message: the server holds it.
    await write(this.storage).catch((error: unknown) => console.warn("Cyphr could not write to this device:", error));
  }
}
