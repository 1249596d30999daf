import { useTranslation } from "react-i18next";
import type { Chat } from "../../api/types";
import { clockTime, dayName } from "../../lib/times";
import { Avatar } from "../../ui/Avatar/Avatar";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import styles from "./Bubble.module.css";
import { MessageStatus } from "./MessageStatus";
import type { Row } from "./rows";
import { statusOf, type Status } from "./status";

/** One message, with the divider before it when a day or the unread part begins. */
export function Bubble({ row, chat, readBefore }: { row: Row; chat: Chat; readBefore: number }) {
  const { t, i18n } = useTranslation();
  const { me } = useMessengerState();
  const mine = row.senderId === me;
  const sender = chat.members.find((member) => member.user_id === row.senderId);
  const group = chat.type !== "direct";
  const name = mine ? t("info.you") : (sender?.full_name ?? "");
  const firstUnread = row.message !== null && row.message.seq === readBefore + 1 && !mine;
  return (
    <div className={styles.row} data-mine={mine} data-opens={row.opens} data-group={group}>
      {row.day && (
        <p className={styles.day}>
          <time dateTime={row.at}>{dayName(i18n.language, row.at)}</time>
        </p>
      )}
      {firstUnread && <p className={styles.unread}>{t("chat.unreadDivider")}</p>}
      <div className={styles.line}>
        {group && !mine && (
          <span className={styles.face}>
            {row.closes && <Avatar name={name} url={sender?.avatar_url ?? null} size={28} />}
          </span>
        )}
        <div className={styles.bubble} data-bubble="" data-tail={row.closes}>
          <span className={group && !mine && row.opens ? styles.name : "visually-hidden"}>{name}</span>
          {row.fate === "deleted" || row.fate === "expired" ? (
            <span className={styles.gone}>{t(`chat.${row.fate}`)}</span>
          ) : (
            <span className={styles.text} dir="auto">
              {row.content}
            </span>
          )}
          <span className={styles.meta}>
            {row.fate === "edited" && <span>{t("chat.edited")}</span>}
            <time dateTime={row.at}>{clockTime(i18n.language, row.at)}</time>
            {mine && <MessageStatus status={progress(row, chat)} />}
          </span>
        </div>
      </div>
      {row.entry !== null && row.entry.refusal !== null && <Refused id={row.entry.id} />}
    </div>
  );
}

function progress(row: Row, chat: Chat): Status {
  if (row.message !== null) return statusOf(row.message, chat);
  return row.entry?.refusal == null ? "queued" : "failed";
}

function Refused({ id }: { id: string }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  return (
    <p className={styles.refused}>
      {t("status.failed")}
      <button type="button" onClick={() => messenger.retryMessage(id)}>
        {t("chat.retry")}
      </button>
      <button type="button" onClick={() => messenger.discardMessage(id)}>
        {t("chat.discard")}
      </button>
    </p>
  );
}
