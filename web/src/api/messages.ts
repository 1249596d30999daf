/** The HTTP API of messages: history, and what one does to a message that is stored. */

import { answer, signedIn } from "./client";
import type { Changes, Draft, Edit, Hits, Message, Page } from "./types";

/** A page of history, ascending: the messages right after or right before a sequence number. */
export function listMessages(chatId: string, at: { after: number } | { before: number }, limit = 50): Promise<Page> {
  const params = { path: { chat_id: chatId }, query: { ...at, limit } };
  return answer(signedIn.GET("/v1/chats/{chat_id}/messages", { params }));
}

/** What became of messages after a change, in the order of the changes. */
export const listChanges = (chatId: string, after: number): Promise<Changes> =>
  answer(signedIn.GET("/v1/chats/{chat_id}/changes", { params: { path: { chat_id: chatId }, query: { after } } }));

export const readMessage = (chatId: string, messageId: string): Promise<Message> =>
  answer(signedIn.GET("/v1/chats/{chat_id}/messages/{message_id}", place(chatId, messageId)));

export const editMessage = ({ chat_id, id }: Message, edit: Edit): Promise<Message> =>
  answer(signedIn.PUT("/v1/chats/{chat_id}/messages/{message_id}", { ...place(chat_id, id), body: edit }));

export async function deleteMessage({ chat_id, id }: Message, whom: "me" | "all"): Promise<void> {
  const params = { path: { chat_id, message_id: id }, query: { for: whom } };
  await answer(signedIn.DELETE("/v1/chats/{chat_id}/messages/{message_id}", { params }));
}

export function react({ chat_id, id }: Message, emoji: string, wanted: boolean): Promise<Message> {
  const at = { params: { path: { chat_id, message_id: id, emoji } } };
  const path = "/v1/chats/{chat_id}/messages/{message_id}/reactions/{emoji}";
  return answer(wanted ? signedIn.PUT(path, at) : signedIn.DELETE(path, at));
}

/** All that one has begun to write. */
export async function listDrafts(): Promise<Draft[]> {
  const drafts: Draft[] = [];
  let cursor: string | null = null;
  do {
    const query: { cursor?: string } = cursor === null ? {} : { cursor };
    const page: { drafts: Draft[]; next: string | null } = await answer(signedIn.GET("/v1/drafts", { params: { query } }));
    drafts.push(...page.drafts);
    cursor = page.next;
  } while (cursor !== null);
  return drafts;
}

/** Blank: there is no draft any more. */
export async function keepDraft(chatId: string, content: string, replyToId: string | null): Promise<void> {
  const params = { path: { chat_id: chatId } };
  if (content.trim() === "" && replyToId === null) {
    await answer(signedIn.DELETE("/v1/chats/{chat_id}/draft", { params }));
  } else {
    await answer(signedIn.PUT("/v1/chats/{chat_id}/draft", { params, body: { content, reply_to_id: replyToId } }));
  }
}

export const searchMessages = (words: string, cursor: string | null): Promise<Hits> =>
  answer(signedIn.GET("/v1/search/messages", { params: { query: { words, limit: 20, ...(cursor !== null && { cursor }) } } }));

function place(chatId: string, messageId: string) {
  return { params: { path: { chat_id: chatId, message_id: messageId } } };
}
