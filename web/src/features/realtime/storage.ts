/**
 * What this device remembers of one person: chats and recent messages, so that the list paints before the network answers,
 * and the outbox, so that a message survives a reload. IndexedDB, one database per person, deleted at sign-out.
 */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Chat, Message } from "../../api/types";
import { plain, type OutboxEntry } from "../messages/outbox";

interface Shape extends DBSchema {
  chats: { key: string; value: Chat };
  messages: { key: [string, number]; value: Message };
  outbox: { key: string; value: OutboxEntry };
}

const RECENT = 60;

export class Storage {
  private constructor(private readonly database: IDBPDatabase<Shape>) {}

  static async open(personId: string): Promise<Storage> {
    const database = await openDB<Shape>(Storage.nameFor(personId), 2, {
      upgrade(database, version) {
        if (version === 1) {
          // Chats and messages of version 1 do not know of changes; they are fetched anew. The outbox is kept.
          database.deleteObjectStore("chats");
          database.deleteObjectStore("messages");
        } else {
          database.createObjectStore("outbox", { keyPath: "id" });
        }
        database.createObjectStore("chats", { keyPath: "id" });
        database.createObjectStore("messages", { keyPath: ["chat_id", "seq"] });
      },
      blocking: () => database.close(),
    });
    return new Storage(database);
  }

  static forget(personId: string): Promise<void> {
    return deleteDB(Storage.nameFor(personId));
  }

  close(): void {
    this.database.close();
  }

  readChats(): Promise<Chat[]> {
    return this.database.getAll("chats");
  }

  /** The outbox in the order of writing: its ids sort by their time. */
  async readOutbox(): Promise<OutboxEntry[]> {
    const entries = await this.database.getAll("outbox");
    // One that an earlier version of the page put there knows of nothing but its content.
    return entries.map((entry) => ({ ...plain(entry.content), ...entry }));
  }

  /** The unbroken run at the end of what is held of a chat, ascending. */
  async readRecent(chatId: string): Promise<Message[]> {
    const run: Message[] = [];
    const range = IDBKeyRange.bound([chatId, 0], [chatId, Number.MAX_SAFE_INTEGER]);
    let cursor = await this.database.transaction("messages").store.openCursor(range, "prev");
    while (cursor !== null && run.length < RECENT) {
      const next = run.at(-1);
      if (next !== undefined && cursor.value.seq !== next.seq - 1) break;
      run.push(cursor.value);
      cursor = await cursor.continue();
    }
    return run.reverse();
  }

  async putChats(chats: readonly Chat[]): Promise<void> {
    const transaction = this.database.transaction("chats", "readwrite");
    await transaction.store.clear();
    await Promise.all([...chats.map((chat) => transaction.store.put(chat)), transaction.done]);
  }

  async putMessages(messages: readonly Message[]): Promise<void> {
    const transaction = this.database.transaction("messages", "readwrite");
    await Promise.all([...messages.map((message) => transaction.store.put(message)), transaction.done]);
  }

  async putOutboxEntry(entry: OutboxEntry): Promise<void> {
    await this.database.put("outbox", entry);
  }

  async removeOutboxEntry(id: string): Promise<void> {
    await this.database.delete("outbox", id);
  }

  private static nameFor(personId: string): string {
    return `cyphr-${personId}`;
  }
}
