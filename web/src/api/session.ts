/**
 * Who is signed in, in this browser.
 *
 * Both tokens lie in localStorage: the person stays signed in after a restart and all tabs share one session. A script
 * injected into the page could read them; the server's Content-Security-Policy (own scripts only, nothing inline) is what
 * stands against that, together with short access tokens and refresh tokens that rotate. A cookie that scripts cannot read
 * needs a same-site server route and can replace this file alone.
 */

import { Problem } from "./problem";
import type { Person, Session } from "./types";

const KEY = "cyphr.session";
const REFRESH_BEFORE_MS = 30_000;

interface Kept extends Session {
  expires_at: number;
}

const listeners = new Set<() => void>();
let kept: Kept | null = read();

function read(): Kept | null {
  const text = localStorage.getItem(KEY);
  return text === null ? null : (JSON.parse(text) as Kept);
}

function changeTo(next: Kept | null): void {
  kept = next;
  listeners.forEach((listener) => listener());
}

// Another tab signed in, refreshed or signed out.
window.addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) changeTo(read());
});

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function signedInPerson(): Person | null {
  return kept?.person ?? null;
}

export function keepSession(session: Session): void {
  const next = { ...session, expires_at: Date.now() + session.expires_in * 1000 };
  localStorage.setItem(KEY, JSON.stringify(next));
  changeTo(next);
}

export function keepPerson(person: Person): void {
  if (kept === null) return;
  const next = { ...kept, person };
  localStorage.setItem(KEY, JSON.stringify(next));
  changeTo(next);
}

export function forgetSession(): void {
  localStorage.removeItem(KEY);
  changeTo(null);
}

/** An access token that is still good for a while. `refused`: a token that the server did not take. */
export async function accessToken(refused?: string): Promise<string> {
  const good = (session: Kept | null) =>
    session !== null && session.access_token !== refused && session.expires_at - Date.now() > REFRESH_BEFORE_MS;
  if (good(kept)) return kept!.access_token;
  // Using a refresh token twice signs the person out everywhere, so one tab at a time, and it looks again first.
  await exclusively(async () => {
    kept = read();
    if (!good(kept)) await refresh();
  });
  return kept!.access_token;
}

async function refresh(): Promise<void> {
  if (kept === null) throw new Problem(401, "not_authenticated", "signed out", false);
  let response: Response;
  try {
    response = await fetch("/v1/sessions/refresh", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: kept.refresh_token }),
    });
  } catch {
    throw Problem.unreachable();
  }
  if (response.ok) return keepSession((await response.json()) as Session);
  if (response.status === 401) forgetSession();
  throw Problem.from(response.status, await response.json().catch(() => null));
}

let queue: Promise<unknown> = Promise.resolve();

async function exclusively(work: () => Promise<void>): Promise<void> {
  // Web Locks exist in secure contexts only; elsewhere each tab is at least orderly for itself.
  if ("locks" in navigator) {
    await navigator.locks.request(KEY, work);
    return;
  }
  const turn = queue.then(work);
  queue = turn.catch(() => undefined);
  await turn;
}
