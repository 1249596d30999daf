/** The HTTP API of what a chat is: its members, links and settings. */

import { answer, signedIn } from "./client";
import type { Ban, Chat, GroupChanges, Invite, InvitePreview, MemberPage, Mine, NewSettings, Person, Role } from "./types";

const of = (chatId: string) => ({ params: { path: { chat_id: chatId } } });
const ofMember = (chatId: string, userId: string) => ({ params: { path: { chat_id: chatId, user_id: userId } } });

export const changeGroup = (chatId: string, changes: GroupChanges): Promise<Chat> =>
  answer(signedIn.PATCH("/v1/chats/{chat_id}", { ...of(chatId), body: changes }));

/** A direct chat, with all its messages, for oneself alone. */
export async function deleteChat(chatId: string): Promise<void> {
  await answer(signedIn.DELETE("/v1/chats/{chat_id}", of(chatId)));
}

/** What is given is changed; the generated types call what has a default required. */
export const changeSettings = (chatId: string, settings: Partial<NewSettings>): Promise<Mine> =>
  answer(signedIn.PATCH("/v1/chats/{chat_id}/settings", { ...of(chatId), body: settings as NewSettings }));

export async function pinChats(chatIds: string[]): Promise<void> {
  await answer(signedIn.PUT("/v1/chats/pinned", { body: { chat_ids: chatIds } }));
}

/** How long messages live, in seconds; null: they stay. */
export async function setDisappearing(chatId: string, seconds: 86400 | 604800 | 7776000 | null): Promise<void> {
  await answer(signedIn.PUT("/v1/chats/{chat_id}/disappearing", { ...of(chatId), body: { seconds } }));
}

export function listMembers(chatId: string, after: string | null): Promise<MemberPage> {
  const params = { path: { chat_id: chatId }, query: { limit: 100, ...(after !== null && { after }) } };
  return answer(signedIn.GET("/v1/chats/{chat_id}/members", { params }));
}

export function searchMembers(chatId: string, search: string): Promise<MemberPage> {
  const params = { path: { chat_id: chatId }, query: { search, limit: 10 } };
  return answer(signedIn.GET("/v1/chats/{chat_id}/members", { params }));
}

/** `refused`: who cannot be added, but may be sent a link. */
export const addMembers = (chatId: string, userIds: string[]): Promise<{ added: string[]; refused: string[] }> =>
  answer(signedIn.POST("/v1/chats/{chat_id}/members", { ...of(chatId), body: { user_ids: userIds } }));

/** Oneself: leave. */
export async function removeMember(chatId: string, userId: string): Promise<void> {
  await answer(signedIn.DELETE("/v1/chats/{chat_id}/members/{user_id}", ofMember(chatId, userId)));
}

export async function setRole(chatId: string, userId: string, role: Role): Promise<void> {
  await answer(signedIn.PUT("/v1/chats/{chat_id}/members/{user_id}/role", { ...ofMember(chatId, userId), body: { role } }));
}

export const listBans = (chatId: string): Promise<Ban[]> => answer(signedIn.GET("/v1/chats/{chat_id}/bans", of(chatId)));

export async function setBan(chatId: string, userId: string, banned: boolean): Promise<void> {
  const path = "/v1/chats/{chat_id}/bans/{user_id}";
  const at = ofMember(chatId, userId);
  await answer(banned ? signedIn.PUT(path, at) : signedIn.DELETE(path, at));
}

export const listInvites = (chatId: string): Promise<Invite[]> =>
  answer(signedIn.GET("/v1/chats/{chat_id}/invites", of(chatId)));

export const createInvite = (chatId: string): Promise<Invite> =>
  answer(signedIn.POST("/v1/chats/{chat_id}/invites", { ...of(chatId), body: {} }));

export async function revokeInvite(chatId: string, inviteId: string): Promise<void> {
  const params = { path: { chat_id: chatId, invite_id: inviteId } };
  await answer(signedIn.DELETE("/v1/chats/{chat_id}/invites/{invite_id}", { params }));
}

export const previewInvite = (token: string): Promise<InvitePreview> =>
  answer(signedIn.GET("/v1/invites/{token}", { params: { path: { token } } }));

export const joinByInvite = (token: string): Promise<Chat> =>
  answer(signedIn.POST("/v1/invites/{token}/join", { params: { path: { token } } }));

export const listBlocked = (): Promise<Person[]> => answer(signedIn.GET("/v1/me/blocks"));

export async function setBlocked(userId: string, blocked: boolean): Promise<void> {
  const at = { params: { path: { user_id: userId } } };
  await answer(blocked ? signedIn.PUT("/v1/me/blocks/{user_id}", at) : signedIn.DELETE("/v1/me/blocks/{user_id}", at));
}
