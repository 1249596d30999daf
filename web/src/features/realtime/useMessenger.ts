import { createContext, use, useSyncExternalStore } from "react";
import type { Messenger } from "./messenger";
import type { MessengerState } from "./state";

export const MessengerContext = createContext<Messenger | null>(null);

export function useMessenger(): Messenger {
  const messenger = use(MessengerContext);
  if (messenger === null) throw new Error("useMessenger outside of a MessengerContext");
  return messenger;
}

/** What is shown now; the component is drawn again whenever it changes. */
export function useMessengerState(): MessengerState {
  const messenger = useMessenger();
  return useSyncExternalStore(messenger.subscribe, messenger.current);
}
