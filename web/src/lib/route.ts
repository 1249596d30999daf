/** Where the person is, in the address after `#`: it works under any server path, and back and reload keep their meaning. */

import { useSyncExternalStore } from "react";

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** The parts of `#/chats/…`, for example `["chats", "…"]`. */
export function useRoute(): string[] {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return hash.replace(/^#\/?/, "").split("/").filter(Boolean);
}

export function go(path: string): void {
  window.location.hash = `#/${path}`;
}
