import { changeSettings, pinChats } from "../../api/groups";
import type { Chat, Mine, NewSettings } from "../../api/types";
import { useMessenger } from "../realtime/useMessenger";
import { pinsWith } from "./listing";

export type MuteFor = "no" | "hour" | "workday" | "week" | "ever";

const HOURS = { hour: 1, workday: 8, week: 7 * 24 } as const;

/** What one sets of a chat for oneself: shown at once, and as it was before if the server refuses. */
export function useChatSettings(chat: Chat) {
  const messenger = useMessenger();
  const set = async (guess: Partial<Mine>, tell: () => Promise<Mine | void>) => {
    const before = chat.mine;
    if (before === null) return;
    messenger.setMine(chat.id, { ...before, ...guess });
    try {
      const told = await tell();
      if (told !== undefined) messenger.setMine(chat.id, told);
    } catch {
      messenger.setMine(chat.id, before);
    }
  };
  const change = (settings: Partial<NewSettings>) => set(settings, () => changeSettings(chat.id, settings));
  return {
    mute: (how: MuteFor) => {
      const hours = how === "no" || how === "ever" ? null : HOURS[how];
      const muted_until = hours === null ? null : new Date(Date.now() + hours * 3_600_000).toISOString();
      void change({ muted_until, muted_for_ever: how === "ever" });
    },
    archive: (archived: boolean) => void change({ archived }),
    pin: async (pinned: boolean) => {
      const pins = pinsWith(Object.values(messenger.current().chats), chat.id, pinned);
      await set({ pin_place: pinned ? 0 : null }, () => pinChats(pins));
      // The places of the others have moved too.
      pins.forEach((id, index) => {
        const mine = messenger.current().chats[id]?.mine;
        if (mine != null && mine.pin_place !== null) messenger.setMine(id, { ...mine, pin_place: index + 1 });
      });
    },
  };
}
