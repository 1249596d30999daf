import { useTranslation } from "react-i18next";
import type { Chat, Member } from "../../api/types";
import { Avatar } from "../../ui/Avatar/Avatar";
import { useMessengerState } from "../realtime/useMessenger";
import styles from "./ChatInfo.module.css";
import { chatAvatar, chatName, otherMember } from "./names";

/** Who is in the chat and how far each has come; beside the conversation on a wide screen. */
export function ChatInfo({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { me } = useMessengerState();
  const name = chatName(chat, me);
  return (
    <aside className={styles.pane} aria-label={t("chat.info")}>
      <div className={styles.who}>
        <Avatar name={name} url={chatAvatar(chat, me)} size={88} />
        <p className={styles.name}>{name}</p>
        <p className={styles.id}>
          {otherMember(chat, me)?.cyphr_id ?? t("chat.members", { count: chat.member_count })}
        </p>
      </div>
      <h3 className={styles.title}>{t("info.members")}</h3>
      <ul className={styles.members}>
        {chat.members.map((member) => (
          <li key={member.user_id} className={styles.member}>
            <Avatar name={member.full_name} url={member.avatar_url} size={36} />
            <span className={styles.memberName}>
              {member.full_name}
              {member.user_id === me && <span className={styles.you}> · {t("info.you")}</span>}
            </span>
            <span className={styles.progress}>
              <Progress member={member} chat={chat} me={me} />
            </span>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Progress({ member, chat, me }: { member: Member; chat: Chat; me: string }) {
  const { t } = useTranslation();
  const role = member.role === "admin" || member.role === "owner" ? `${t(`info.${member.role}`)} · ` : "";
  if (member.user_id === me) return role === "" ? member.cyphr_id : role + (member.cyphr_id ?? "");
  if (member.read_seq >= chat.last_seq) return role + t("info.read");
  if (member.received_seq >= chat.last_seq) return role + t("info.received");
  return role + t("info.behind", { count: chat.last_seq - member.received_seq });
}
