/** How the HTTP API is reached, and its calls about accounts and chats. Every failure is a {@link Problem}. */

import createClient from "openapi-fetch";
import { Problem } from "./problem";
import type { paths } from "./schema";
import { device } from "./device";
import { accessToken, forgetSession, keepPerson, keepSession } from "./session";
import type { Addresses, Chat, Me, Person, Registration, Session, Switchboard } from "./types";

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    throw Problem.unreachable();
  }
}

/** With the access token; once more with a new one when the server does not take it. */
async function reachSignedIn(request: Request): Promise<Response> {
  const again = request.clone();
  const token = await accessToken();
  request.headers.set("Authorization", `Bearer ${token}`);
  const response = await reach(request);
  if (response.status !== 401) return response;
  again.headers.set("Authorization", `Bearer ${await accessToken(token)}`);
  return reach(again);
}

/** For the other files of this folder. */
export const open = createClient<paths>({ fetch: reach });
export const signedIn = createClient<paths>({ fetch: reachSignedIn });

export async function answer<T>(call: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw Problem.from(response.status, error);
  return data as T;
}

/** The WebSocket's URL. */
export async function findWebSocket(): Promise<string> {
  const { websocket } = await answer<Addresses>(open.GET("/v1/addresses"));
  return websocket ?? `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/v1/ws`;
}

export async function requestCode(email: string): Promise<void> {
  await answer(open.POST("/v1/accounts/codes", { body: { email } }));
}

export async function register(registration: Registration): Promise<void> {
  keepSession(await answer<Session>(open.POST("/v1/accounts", { body: { ...registration, ...device() } })));
}

/** Signs out here even when the server cannot be told: its session then ends by age. */
export async function signOut(): Promise<void> {
  await answer(signedIn.DELETE("/v1/sessions/current")).catch(() => undefined);
  forgetSession();
}

export const readMe = (): Promise<Me> => answer(signedIn.GET("/v1/me"));

export async function changePin(pin: string, newPin: string): Promise<void> {
  await answer(signedIn.PUT("/v1/me/pin", { body: { pin, new_pin: newPin } }));
}

export async function putAvatar(file: File): Promise<void> {
  const form = new FormData();
  form.set("file", file);
  // The schema knows a file as text; what is sent is the form.
  const call = signedIn.PUT("/v1/me/avatar", { body: { file: file.name }, bodySerializer: () => form });
  keepPerson(await answer<Person>(call));
}

export const findPerson = (cyphrId: string): Promise<Person> =>
  answer(signedIn.GET("/v1/people", { params: { query: { cyphr_id: cyphrId } } }));

/** All of one's chats, page by page. */
export async function listChats(): Promise<Chat[]> {
  const chats: Chat[] = [];
  let after: string | undefined;
  do {
    const call = signedIn.GET("/v1/chats", { params: { query: { limit: 200, ...(after !== undefined && { after }) } } });
    chats.push(...(await answer<Chat[]>(call)));
    after = /[?&]after=([^&>]+)/.exec((await call).response.headers.get("Link") ?? "")?.[1];
  } while (after !== undefined);
  return chats;
}

export const readChat = (chatId: string): Promise<Chat> =>
  answer(signedIn.GET("/v1/chats/{chat_id}", { params: { path: { chat_id: chatId } } }));

export const createDirectChat = (personId: string): Promise<Chat> =>
  answer(signedIn.POST("/v1/chats", { body: { type: "direct", member_ids: [personId] } }));

export const createGroup = (name: string, memberIds: string[]): Promise<Chat> =>
  answer(signedIn.POST("/v1/chats", { body: { type: "group", name, member_ids: memberIds } }));

export const readSwitchboard = (): Promise<Switchboard> => answer(open.GET("/v1/switchboard"));
