import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Chat } from "../../api/types";
import { listTime } from "../../lib/times";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Button } from "../../ui/Button/Button";
import { Icon } from "../../ui/Icon/Icon";
import { IconButton } from "../../ui/IconButton/IconButton";
import { Spinner } from "../../ui/Spinner/Spinner";
import { MessageStatus } from "../messages/MessageStatus";
import { noticeText } from "../messages/notices";
import { fateOf } from "../messages/rows";
import { statusOf } from "../messages/status";
import { chatsByActivity, unreadCount } from "../realtime/state";
import { useMessengerState } from "../realtime/useMessenger";
import styles from "./ChatList.module.css";
import { chatAvatar, chatName } from "./names";
import { NewChat } from "./NewChat";

export function ChatList({ openId }: { openId: string | undefined }) {
  const { t } = useTranslation();
  const state = useMessengerState();
  const [starting, setStarting] = useState(false);
  const chats = chatsByActivity(state);
  return (
    <section className={styles.pane} aria-label={t("chats.title")}>
      <header className={styles.head}>
        <h1 className={styles.title}>{t("chats.title")}</h1>
        <IconButton icon="add" kind="primary" label={t("chats.new")} onClick={() => setStarting(true)} />
      </header>
      {chats.length > 0 ? (
        <ul className={styles.list}>
          {chats.map((chat) => (
            <ChatRow key={chat.id} chat={chat} open={chat.id === openId} />
          ))}
        </ul>
      ) : state.loaded ? (
        <div className={styles.empty}>
          <Icon name="chats" size={36} />
          <p className={styles.emptyTitle}>{t("chats.empty")}</p>
          <p>{t("chats.emptyHint")}</p>
          <Button onClick={() => setStarting(true)}>{t("chats.new")}</Button>
        </div>
      ) : (
        <div className={styles.empty} role="status">
          <Spinner size={24} />
          <p>{t("chats.loading")}</p>
        </div>
      )}
      <NewChat open={starting} onClose={() => setStarting(false)} />
    </section>
  );
}

function ChatRow({ chat, open }: { chat: Chat; open: boolean }) {
  const { t, i18n } = useTranslation();
  const state = useMessengerState();
  const name = chatName(chat, state.me);
  const unread = unreadCount(state, chat);
  const waiting = state.outbox.findLast((entry) => entry.chat_id === chat.id);
  const last = chat.last_message;
  const at = waiting?.created_at ?? last?.created_at ?? chat.created_at;
  const status =
    waiting !== undefined
      ? waiting.refusal === null
        ? "queued"
        : "failed"
      : last?.sender_id === state.me
        ? statusOf(last, chat)
        : null;
  return (
    <li>
      <a className={styles.row} href={`#/chats/${chat.id}`} aria-current={open ? "page" : undefined}>
        <Avatar name={name} url={chatAvatar(chat, state.me)} />
        <span className={styles.name}>{name}</span>
        <span className={styles.at}>
          {status !== null && <MessageStatus status={status} />}
          <time dateTime={at}>{listTime(i18n.language, at)}</time>
        </span>
        <span className={styles.last}>
          <Preview chat={chat} waiting={waiting?.content} open={open} />
        </span>
        {unread > 0 && (
          <span className={styles.unread}>
            <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
            <span className="visually-hidden">{t("chats.unread", { count: unread })}</span>
          </span>
        )}
      </a>
    </li>
  );
}

function Preview({ chat, waiting, open }: { chat: Chat; waiting: string | undefined; open: boolean }) {
  const { t } = useTranslation();
  const { me, names, typing, drafts } = useMessengerState();
  if (Object.keys(typing[chat.id] ?? {}).length > 0) return <span className={styles.typing}>{t("chats.typing")}</span>;
  const draft = drafts[chat.id]?.content.trim() ?? "";
  if (draft !== "" && !open) {
    return (
      <>
        <span className={styles.draft}>{t("chats.draft")}:</span> {draft}
      </>
    );
  }
  if (waiting !== undefined) return t("chats.you", { text: waiting });
  const last = chat.last_message;
  if (last === null) return t("chats.noMessages");
  const fate = fateOf(last);
  if (fate === "deleted" || fate === "expired") return t(`chat.${fate}`);
  if (last.message_type === "notice") return noticeText(t, last, names, me);
  if (last.sender_id === me) return t("chats.you", { text: last.content ?? "" });
  if (chat.type === "direct") return last.content;
  const sender = chat.members.find((member) => member.user_id === last.sender_id)?.full_name.split(" ")[0];
  return sender === undefined ? last.content : t("chat.said", { name: sender, text: last.content ?? "" });
}
