import { useTranslation } from "react-i18next";
import type { Chat, Message } from "../../api/types";
import { clockTime, dayName } from "../../lib/times";
import { Avatar } from "../../ui/Avatar/Avatar";
import { IconButton } from "../../ui/IconButton/IconButton";
import { below, useMenuGesture, type MenuPlace } from "../../ui/Menu/gesture";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import styles from "./Bubble.module.css";
import { MessageStatus } from "./MessageStatus";
import { MessageText } from "./MessageText";
import { Quote } from "./Quote";
import { Reactions } from "./Reactions";
import type { Row } from "./rows";
import { statusOf, type Status } from "./status";

interface Props {
  row: Row;
  chat: Chat;
  readBefore: number;
  /** Somebody has just jumped here. */
  found: boolean;
  onJump: (seq: number) => void;
  onMenu: (message: Message, place: MenuPlace) => void;
}

/** One message, with the divider before it when a day or the unread part begins. */
export function Bubble({ row, chat, readBefore, found, onJump, onMenu }: Props) {
  const { t, i18n } = useTranslation();
  const { me } = useMessengerState();
  const mine = row.senderId === me;
  const sender = chat.members.find((member) => member.user_id === row.senderId);
  const group = chat.type !== "direct";
  const name = mine ? t("info.you") : (sender?.full_name ?? "");
  const firstUnread = row.message !== null && row.message.seq === readBefore + 1 && !mine;
  const { message } = row;
  const gesture = useMenuGesture((place) => message !== null && onMenu(message, place));
  return (
    <div className={styles.row} data-mine={mine} data-opens={row.opens} data-group={group} data-found={found} data-row="">
      {row.day && (
        <p className={styles.day}>
          <time dateTime={row.at}>{dayName(i18n.language, row.at)}</time>
        </p>
      )}
      {firstUnread && <p className={styles.unread}>{t("chat.unreadDivider")}</p>}
      <div className={styles.line} {...(message !== null && gesture)}>
        {group && !mine && (
          <span className={styles.face}>
            {row.closes && <Avatar name={name} url={sender?.avatar_url ?? null} size={28} />}
          </span>
        )}
        <div className={styles.bubble} data-bubble="" data-tail={row.closes}>
          <span className={group && !mine && row.opens ? styles.name : "visually-hidden"}>{name}</span>
          <Said row={row} chat={chat} onJump={onJump} />
          <span className={styles.meta}>
            {row.fate === "edited" && <span>{t("chat.edited")}</span>}
            <time dateTime={row.at}>{clockTime(i18n.language, row.at)}</time>
            {mine && <MessageStatus status={progress(row, chat)} />}
          </span>
        </div>
        {message !== null && <MenuButton onOpen={(button) => onMenu(message, below(button))} />}
      </div>
      {message !== null && <Reactions message={message} />}
      {row.entry !== null && row.entry.refusal !== null && <Refused id={row.entry.id} />}
    </div>
  );
}

function Said({ row, chat, onJump }: Pick<Props, "row" | "chat" | "onJump">) {
  const { t } = useTranslation();
  const { content, formatting, mentions } = row;
  if (row.fate === "deleted" || row.fate === "expired") return <span className={styles.gone}>{t(`chat.${row.fate}`)}</span>;
  const from = row.forwarded?.sender_name ?? null;
  return (
    <>
      {row.forwarded !== null && (
        <span className={styles.forwarded}>{from === null ? t("message.forwarded") : t("message.forwardedFrom", { name: from })}</span>
      )}
      {row.replyTo !== null && <Quote chatId={chat.id} messageId={row.replyTo} onJump={onJump} />}
      <MessageText content={content} formatting={formatting} mentions={mentions} members={chat.members} />
    </>
  );
}

/** Seen beside the message that one is at; arrows lead from one message to the next. */
function MenuButton({ onOpen }: { onOpen: (button: HTMLElement) => void }) {
  const { t } = useTranslation();
  return (
    <IconButton
      icon="more"
      label={t("message.menu")}
      aria-haspopup="menu"
      className={styles.menu}
      onClick={(event) => onOpen(event.currentTarget)}
      onKeyDown={(event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        const all = [...document.querySelectorAll<HTMLElement>("[data-row] [aria-haspopup=menu]")];
        all[all.indexOf(event.currentTarget) + (event.key === "ArrowUp" ? -1 : 1)]?.focus();
      }}
    />
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
