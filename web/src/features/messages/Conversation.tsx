import type { TFunction } from "i18next";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Chat, MemberPresence, Message } from "../../api/types";
import { Avatar } from "../../ui/Avatar/Avatar";
import { IconButton } from "../../ui/IconButton/IconButton";
import { go } from "../../lib/route";
import { listTime } from "../../lib/times";
import { ChatInfoDialog } from "../chats/ChatInfo";
import { chatAvatar, chatName, otherMember } from "../chats/names";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import styles from "./Conversation.module.css";
import type { Deed } from "./MessageMenu";
import { MessageList } from "./MessageList";
import { noticeText } from "./notices";
import { Writing } from "./Writing";

const MessageDialog = lazy(() => import("./MessageDialog"));

type Asked = { kind: "forward" | "delete" | "reactions"; message: Message };

/** One chat: who it is with, what was said, and where to write. `showing`: the message to begin at. */
export function Conversation({ chat, showing }: { chat: Chat; showing: number | null }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const { me } = useMessengerState();
  const [target, setTarget] = useState<{ seq: number } | null>(null);
  const [editing, setEditing] = useState<Message | null>(null);
  const [about, setAbout] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const jump = useCallback((seq: number) => setTarget({ seq }), []);
  useEffect(() => {
    if (showing === null) return;
    setTarget({ seq: showing });
    // Going there is done once; the address is the chat's own again.
    window.history.replaceState(null, "", `#/chats/${chat.id}`);
  }, [chat.id, showing]);
  useEffect(() => {
    messenger.enterChat(chat.id);
    return () => messenger.leaveChat(chat.id);
  }, [messenger, chat.id]);
  const act = (deed: Deed, message: Message) => {
    if (deed === "edit") setEditing(message);
    else if (deed !== "reply") setAsked({ kind: deed, message });
    else {
      setEditing(null);
      messenger.drafts.write(chat.id, messenger.drafts.of(chat.id).content, message.id);
    }
  };
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
        <IconButton icon="info" label={t("chat.info")} className={styles.about} onClick={() => setAbout(true)} />
      </header>
      <MessageList chat={chat} target={target} onJump={jump} onDeed={act} />
      <Writing chat={chat} editing={editing} onEdit={setEditing} />
      {about && <ChatInfoDialog chat={chat} onClose={() => setAbout(false)} />}
      {asked !== null && (
        <Suspense>
          <MessageDialog {...asked} chat={chat} onClose={() => setAsked(null)} />
        </Suspense>
      )}
      <Announcer chat={chat} />
    </section>
  );
}

function Subtitle({ chat }: { chat: Chat }) {
  const { t, i18n } = useTranslation();
  const { me, typing, presence } = useMessengerState();
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
  const seen = other === undefined ? undefined : presence[chat.id]?.[other.user_id];
  return (
    <p className={styles.subtitle} data-online={seen?.online ?? false}>
      {other === undefined ? t("chat.members", { count: chat.member_count }) : (presenceText(t, i18n.language, seen) ?? other.cyphr_id)}
    </p>
  );
}

/** Null when it is not shown. */
function presenceText(t: TFunction, language: string, seen: MemberPresence | undefined): string | null {
  if (seen === undefined) return null;
  if (seen.online) return t("presence.online");
  return seen.last_seen === null ? null : t("presence.lastSeen", { when: listTime(language, seen.last_seen) });
}

/** Says each message of others that arrives while the chat is open, once; scrolling through history says nothing. */
function Announcer({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { me, names } = useMessengerState();
  const [openedAt] = useState(chat.last_seq);
  const [said, setSaid] = useState("");
  const last = chat.last_message;
  useEffect(() => {
    const name = last === null ? undefined : names[last.sender_id];
    // Who has just joined is named in a moment.
    if (last === null || name === undefined || last.seq <= openedAt || last.sender_id === me) return;
    setSaid(
      last.message_type === "notice" ? noticeText(t, last, names, me) : t("chat.said", { name, text: last.content ?? "" }),
    );
  }, [last?.seq, last === null ? undefined : names[last.sender_id]]);
  return (
    <p role="log" aria-live="polite" className="visually-hidden">
      {said}
    </p>
  );
}
