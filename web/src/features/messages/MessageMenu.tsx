import { useTranslation } from "react-i18next";
import type { Message } from "../../api/types";
import type { MenuPlace } from "../../ui/Menu/gesture";
import { Menu, MenuItem, MenuLine, MenuRow, MenuTile } from "../../ui/Menu/Menu";
import { useMessengerState } from "../realtime/useMessenger";
import { isMine, USUAL } from "./reactions";
import { isGone, mayEdit } from "./rights";
import { useReacting } from "./useReacting";

export type Deed = "reply" | "edit" | "forward" | "delete" | "reactions";

interface Props {
  message: Message;
  place: MenuPlace;
  onClose: () => void;
  onDeed: (deed: Deed, message: Message) => void;
}

/** What can be done with a message. */
export default function MessageMenu({ message, place, onClose, onDeed }: Props) {
  const { t } = useTranslation();
  const { me } = useMessengerState();
  const react = useReacting();
  const gone = isGone(message);
  const { clipboard } = navigator as Partial<Navigator>;
  return (
    <Menu
      label={t("message.menu")}
      place={place}
      onClose={(chosen) => {
        onClose();
        chosen?.();
      }}
    >
      {(choose) => {
        const deed = (name: Deed) => choose(() => onDeed(name, message));
        if (gone) return <MenuItem icon="trash" danger onSelect={() => deed("delete")}>{t("message.delete")}</MenuItem>;
        return (
          <>
            <MenuRow label={t("message.react")}>
              {USUAL.map((emoji) => (
                <MenuTile
                  key={emoji}
                  label={t("message.reactWith", { emoji })}
                  pressed={isMine(message, emoji, me)}
                  onSelect={() => react(message, emoji)}
                >
                  {emoji}
                </MenuTile>
              ))}
            </MenuRow>
            <MenuItem icon="smile" onSelect={() => deed("reactions")}>{t("message.moreReactions")}</MenuItem>
            <MenuLine />
            <MenuItem icon="reply" onSelect={() => deed("reply")}>{t("message.reply")}</MenuItem>
            {mayEdit(message, me, Date.now()) && <MenuItem icon="edit" onSelect={() => deed("edit")}>{t("message.edit")}</MenuItem>}
            {clipboard !== undefined && (
              <MenuItem icon="copy" onSelect={() => void clipboard.writeText(message.content ?? "")}>{t("message.copy")}</MenuItem>
            )}
            <MenuItem icon="forward" onSelect={() => deed("forward")}>{t("message.forward")}</MenuItem>
            <MenuItem icon="trash" danger onSelect={() => deed("delete")}>{t("message.delete")}</MenuItem>
          </>
        );
      }}
    </Menu>
  );
}
