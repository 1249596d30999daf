import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Chat } from "../../api/types";
import { Avatar } from "../../ui/Avatar/Avatar";
import { IconButton } from "../../ui/IconButton/IconButton";
import { go } from "../../lib/route";
import { chatAvatar, chatName, otherMember } from "../chats/names";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import { Composer } from "./Composer";
import styles from "./Conversation.module.css";
import { MessageList } from "./MessageList";
import { noticeText } from "./notices";

/** One chat: who it is with, what was said, and where to write. */
export function Conversation({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const { me } = useMessengerState();
  const name = chatName(chat, me);
  return (
    <section className={styles.pane} aria-label={name}>
      <header className={styles.head}>
        <IconButton icon="back" label={t("chat.back")} className={styles.back} onClick={() => go("chats")} />
        <Avatar name={name} url={chatAvatar(chat, me)} size={40} />
        <div className={styles.who}>
          <h2 className={styles.name}>{name}</h2>
          <Subtitle chat={chat} />
        </div>
      </header>
      <MessageList key={chat.id} chat={chat} />
      <Composer
        key={`write ${chat.id}`}
        draft={messenger.drafts.get(chat.id) ?? ""}
        onDraft={(text) => {
          messenger.drafts.set(chat.id, text);
          if (text !== "") messenger.typed(chat.id);
        }}
        onSend={(content) => messenger.sendMessage(chat.id, content)}
      />
      <Announcer chat={chat} />
    </section>
  );
}

function Subtitle({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { me, typing } = useMessengerState();
  const writers = Object.keys(typing[chat.id] ?? {});
  const writer = chat.members.find((member) => member.user_id === writers[0]);
  if (writers.length > 0) {
    return (
      <p className={styles.typing}>
        <span className={styles.dots} aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        {chat.type === "direct"
          ? t("chats.typing")
          : writers.length === 1 && writer !== undefined
            ? t("chat.typing", { name: writer.full_name })
            : t("chat.typingMany", { count: writers.length })}
      </p>
    );
  }
  const other = otherMember(chat, me);
  return (
    <p className={styles.subtitle}>
      {other === undefined ? t("chat.members", { count: chat.member_count }) : other.cyphr_id}
    </p>
  );
}

/** Says each message of others that arrives while the chat is open, once; scrolling through history says nothing. */
function Announcer({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { me, names } = useMessengerState();
  const [openedAt] = useState(chat.last_seq);
  const [said, setSaid] = useState("");
  const last = chat.last_message;
  useEffect(() => {
    if (last === null || last.seq <= openedAt || last.sender_id === me) return;
    const name = chat.members.find((member) => member.user_id === last.sender_id)?.full_name ?? "";
    setSaid(
      last.message_type === "notice" ? noticeText(t, last, names, me) : t("chat.said", { name, text: last.content ?? "" }),
    );
  }, [last?.seq]);
  return (
    <p role="log" aria-live="polite" className="visually-hidden">
      {said}
    </p>
  );
}
