/**
 * What one has begun to write, on all of one's devices: kept on the server a moment after the last key, and shown here when
 * another device wrote it. While something written here is still on its way, what arrives is older and passed over.
 */

import { keepDraft, listDrafts } from "../../api/messages";
import { Problem } from "../../api/problem";
import type { DraftState, MessengerState } from "../realtime/state";

const KEEP_AFTER_MS = 700;

interface Told {
  content: string;
  reply_to_id?: string | null;
}

interface Screen {
  current(): MessengerState;
  showDraft(chatId: string, draft: { content: string; reply_to_id: string | null } | null, remote: boolean): void;
}

export class Drafts {
  private readonly timers = new Map<string, number>();
  private readonly telling = new Map<string, Promise<void>>();
  /** Chats whose draft the server does not have as it is here. */
  private readonly untold = new Set<string>();

  constructor(private readonly screen: Screen) {
    document.addEventListener("visibilitychange", this.hurry);
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.hurry);
    this.timers.forEach((timer) => window.clearTimeout(timer));
  }

  of(chatId: string): DraftState {
    return this.screen.current().drafts[chatId] ?? { content: "", reply_to_id: null, revision: 0 };
  }

  write(chatId: string, content: string, replyToId: string | null): void {
    const before = this.of(chatId);
    if (before.content === content && before.reply_to_id === replyToId) return;
    this.screen.showDraft(chatId, { content, reply_to_id: replyToId }, false);
    this.untold.add(chatId);
    window.clearTimeout(this.timers.get(chatId));
    this.timers.set(chatId, window.setTimeout(() => void this.tell(chatId), content === "" ? 0 : KEEP_AFTER_MS));
  }

  arrive(chatId: string, draft: Told | null): void {
    if (this.untold.has(chatId)) return;
    this.screen.showDraft(chatId, draft && { content: draft.content, reply_to_id: draft.reply_to_id ?? null }, true);
  }

  /** After a connection was lost: tell what was written meanwhile, and learn what other devices wrote. */
  async synchronise(): Promise<void> {
    try {
      await Promise.all([...this.untold].map((chatId) => this.tell(chatId)));
      const drafts = new Map((await listDrafts()).map((draft) => [draft.chat_id, draft]));
      const known = Object.keys(this.screen.current().drafts);
      for (const chatId of new Set([...known, ...drafts.keys()])) this.arrive(chatId, drafts.get(chatId) ?? null);
    } catch (error) {
      // The next connection tries again.
      if (!(error instanceof Problem)) throw error;
    }
  }

  private readonly hurry = (): void => {
    if (document.visibilityState === "hidden") this.timers.forEach((_, chatId) => void this.tell(chatId));
  };

  /** One after the other in each chat: what was sent and is a draft no more must not be overtaken by what it was before. */
  private tell(chatId: string): Promise<void> {
    window.clearTimeout(this.timers.get(chatId));
    this.timers.delete(chatId);
    const told = (this.telling.get(chatId) ?? Promise.resolve()).then(() => this.tellNow(chatId));
    this.telling.set(chatId, told.catch(() => undefined));
    return told;
  }

  private async tellNow(chatId: string): Promise<void> {
    const { content, reply_to_id } = this.of(chatId);
    try {
      await keepDraft(chatId, content, reply_to_id);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.retryable) return;
    }
    const now = this.of(chatId);
    if (now.content === content && now.reply_to_id === reply_to_id) this.untold.delete(chatId);
  }
}
