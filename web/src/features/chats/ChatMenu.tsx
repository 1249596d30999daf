import { useTranslation } from "react-i18next";
import type { Chat } from "../../api/types";
import type { MenuPlace } from "../../ui/Menu/gesture";
import { Menu, MenuItem } from "../../ui/Menu/Menu";
import { isMuted, isPinned } from "./listing";
import { useChatSettings } from "./useChatSettings";

/** What can be done with a chat from the list. */
export default function ChatMenu({ chat, place, onClose }: { chat: Chat; place: MenuPlace; onClose: () => void }) {
  const { t } = useTranslation();
  const settings = useChatSettings(chat);
  const muted = isMuted(chat.mine, Date.now());
  const pinned = isPinned(chat);
  const archived = chat.mine?.archived === true;
  return (
    <Menu label={t("chatMenu.title")} place={place} onClose={onClose}>
      {() => (
        <>
          <MenuItem icon="pin" onSelect={() => void settings.pin(!pinned)}>{t(pinned ? "chatMenu.unpin" : "chatMenu.pin")}</MenuItem>
          <MenuItem icon={muted ? "bell" : "mute"} onSelect={() => settings.mute(muted ? "no" : "ever")}>
            {t(muted ? "chatMenu.unmute" : "chatMenu.mute")}
          </MenuItem>
          <MenuItem icon="archive" onSelect={() => settings.archive(!archived)}>
            {t(archived ? "chatMenu.unarchive" : "chatMenu.archive")}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
