import { react } from "../../api/messages";
import type { Message } from "../../api/types";
import { useMessenger } from "../realtime/useMessenger";
import { isMine, reacted } from "./reactions";

/** Puts one's reaction there or takes it back: shown at once, and undone if the server refuses. */
export function useReacting(): (message: Message, emoji: string) => void {
  const messenger = useMessenger();
  return (message, emoji) => {
    const { me } = messenger.current();
    const wanted = !isMine(message, emoji, me);
    messenger.showMessage(reacted(message, emoji, me, wanted));
    void react(message, emoji, wanted).then(
      (told) => messenger.showMessage(told),
      () => messenger.showMessage(message),
    );
  };
}
