/** The messenger's HTTP API, one function per call. Every failure is a {@link Problem}. */

import { Problem } from "./problem";
import { accessToken, forgetSession, keepPerson, keepSession } from "./session";
import type { Chat, Me, Page, Person, Session, Switchboard } from "./types";

type Body = Record<string, unknown> | FormData;

async function send(method: string, path: string, body?: Body, token?: string): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  if (body !== undefined && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });
  } catch {
    throw Problem.unreachable();
  }
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw Problem.from(response.status, body);
  return body as T;
}

async function open<T>(method: string, path: string, body?: Body): Promise<T> {
  return answer<T>(await send(method, path, body));
}

async function signedIn<T>(method: string, path: string, body?: Body): Promise<T> {
  const token = await accessToken();
  const response = await send(method, path, body, token);
  if (response.status !== 401) return answer<T>(response);
  return answer<T>(await send(method, path, body, await accessToken(token)));
}

export async function requestCode(email: string): Promise<void> {
  await open("POST", "/v1/accounts/codes", { email });
}

export interface Registration {
  email: string;
  code: string;
  full_name: string;
  pin: string;
  cyphr_id?: string;
}

export async function register(registration: Registration): Promise<void> {
  keepSession(await open<Session>("POST", "/v1/accounts", { ...registration }));
}

export async function signIn(email: string, pin: string): Promise<void> {
  keepSession(await open<Session>("POST", "/v1/sessions", { email, pin }));
}

/** Signs out here even when the server cannot be told: its session then ends by age. */
export async function signOut(): Promise<void> {
  await signedIn("DELETE", "/v1/sessions/current").catch(() => undefined);
  forgetSession();
}

export const readMe = (): Promise<Me> => signedIn("GET", "/v1/me");

export async function changePin(pin: string, newPin: string): Promise<void> {
  await signedIn("PUT", "/v1/me/pin", { pin, new_pin: newPin });
}

export async function putAvatar(file: File): Promise<void> {
  const form = new FormData();
  form.set("file", file);
  keepPerson(await signedIn<Person>("PUT", "/v1/me/avatar", form));
}

export const findPerson = (cyphrId: string): Promise<Person> =>
  signedIn("GET", `/v1/people?${new URLSearchParams({ cyphr_id: cyphrId })}`);

export const listChats = (): Promise<Chat[]> => signedIn("GET", "/v1/chats");

export const createDirectChat = (personId: string): Promise<Chat> =>
  signedIn("POST", "/v1/chats", { type: "direct", member_ids: [personId] });

export const createGroup = (name: string, memberIds: string[]): Promise<Chat> =>
  signedIn("POST", "/v1/chats", { type: "group", name, member_ids: memberIds });

/** A page of history, ascending: the messages right after or right before a sequence number. */
export function listMessages(chatId: string, at: { after: number } | { before: number }, limit = 50): Promise<Page> {
  const query = new URLSearchParams({ ...mapValues(at, String), limit: String(limit) });
  return signedIn("GET", `/v1/chats/${chatId}/messages?${query}`);
}

export const readSwitchboard = (): Promise<Switchboard> => open("GET", "/v1/switchboard");

function mapValues<V, W>(record: Record<string, V>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

