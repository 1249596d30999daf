import { useTranslation } from "react-i18next";
import type { Chat, Member } from "../../api/types";
import type { MenuPlace } from "../../ui/Menu/gesture";
import { Menu, MenuItem } from "../../ui/Menu/Menu";
import { deedTitle, mayRemove, type MemberDeed, rolesFor } from "./roles";

interface Props {
  chat: Chat;
  member: Member;
  place: MenuPlace;
  onClose: () => void;
  onDeed: (member: Member, deed: MemberDeed) => void;
}

/** What one may do with a member of a group. */
export default function MemberMenu({ chat, member, place, onClose, onDeed }: Props) {
  const { t } = useTranslation();
  const roles = rolesFor(chat, member).map((role): MemberDeed => ({ kind: "role", role }));
  const going: MemberDeed[] = mayRemove(chat, member) ? [{ kind: "remove" }, { kind: "ban" }] : [];
  return (
    <Menu
      label={t("info.memberMenu", { name: member.full_name })}
      place={place}
      onClose={(chosen) => {
        onClose();
        chosen?.();
      }}
    >
      {(choose) =>
        [...roles, ...going].map((deed) => (
          <MenuItem
            key={deedTitle(t, deed)}
            icon={deed.kind === "role" ? "person" : deed.kind === "ban" ? "block" : "leave"}
            danger={deed.kind !== "role"}
            onSelect={() => choose(() => onDeed(member, deed))}
          >
            {deedTitle(t, deed)}
          </MenuItem>
        ))
      }
    </Menu>
  );
}
