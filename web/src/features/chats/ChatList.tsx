import { lazy, Suspense, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Chat } from "../../api/types";
import { listTime } from "../../lib/times";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Button } from "../../ui/Button/Button";
import { Icon } from "../../ui/Icon/Icon";
import { IconButton } from "../../ui/IconButton/IconButton";
import { below, useMenuGesture, type MenuPlace } from "../../ui/Menu/gesture";
import { Spinner } from "../../ui/Spinner/Spinner";
import { MessageStatus } from "../messages/MessageStatus";
import { noticeText } from "../messages/notices";
import { fateOf } from "../messages/rows";
import { statusOf } from "../messages/status";
import { chatsByActivity, unreadCount } from "../realtime/state";
import { useMessengerState } from "../realtime/useMessenger";
import styles from "./ChatList.module.css";
import { isMuted, isPinned, listing } from "./listing";
import { chatAvatar, chatName } from "./names";

// Not needed to see the list.
const ChatMenu = lazy(() => import("./ChatMenu"));
const NewChat = lazy(() => import("./NewChat"));

type Opened = (chat: Chat, place: MenuPlace) => void;

export function ChatList({ openId, onSearch }: { openId: string | undefined; onSearch: () => void }) {
  const { t } = useTranslation();
  const state = useMessengerState();
  const [starting, setStarting] = useState(false);
  const [menu, setMenu] = useState<{ id: string; place: MenuPlace } | null>(null);
  const openMenu = useCallback<Opened>((chat, place) => setMenu({ id: chat.id, place }), []);
  const { listed, archived } = listing(chatsByActivity(state));
  const chosen = menu === null ? undefined : state.chats[menu.id];
  return (
    <section className={styles.pane} aria-label={t("chats.title")}>
      <header className={styles.head}>
        <h1 className={styles.title}>{t("chats.title")}</h1>
        <span className={styles.tools}>
          <IconButton icon="search" label={t("search.title")} onClick={onSearch} />
          <IconButton icon="add" kind="primary" label={t("chats.new")} onClick={() => setStarting(true)} />
        </span>
      </header>
      {listed.length + archived.length > 0 ? (
        <div className={styles.list}>
          <ul>
            {listed.map((chat) => (
              <ChatRow key={chat.id} chat={chat} open={chat.id === openId} onMenu={openMenu} />
            ))}
          </ul>
          {archived.length > 0 && (
            <details className={styles.archive} open={archived.some((chat) => chat.id === openId)}>
              <summary>
                <Icon name="archive" size={18} />
                {t("chats.archived", { count: archived.length })}
                <Icon name="fold" size={18} />
              </summary>
              <ul>
                {archived.map((chat) => (
                  <ChatRow key={chat.id} chat={chat} open={chat.id === openId} onMenu={openMenu} />
                ))}
              </ul>
            </details>
          )}
        </div>
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
      <Suspense>
        {starting && <NewChat onClose={() => setStarting(false)} />}
        {menu !== null && chosen !== undefined && (
          <ChatMenu chat={chosen} place={menu.place} onClose={() => setMenu(null)} />
        )}
      </Suspense>
    </section>
  );
}

function ChatRow({ chat, open, onMenu }: { chat: Chat; open: boolean; onMenu: Opened }) {
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
  const muted = isMuted(chat.mine, Date.now());
  const gesture = useMenuGesture((place) => onMenu(chat, place));
  return (
    <li className={styles.item} {...gesture}>
      <a className={styles.row} href={`#/chats/${chat.id}`} aria-current={open ? "page" : undefined}>
        <Avatar name={name} url={chatAvatar(chat, state.me)} />
        <span className={styles.name}>
          {name}
          {muted && <Sign icon="mute" label={t("chats.muted")} />}
        </span>
        <span className={styles.at}>
          {status !== null && <MessageStatus status={status} />}
          <time dateTime={at}>{listTime(i18n.language, at)}</time>
        </span>
        <span className={styles.last}>
          <Preview chat={chat} waiting={waiting?.content} open={open} />
        </span>
        {(unread > 0 || isPinned(chat)) && <Signs chat={chat} unread={unread} muted={muted} />}
      </a>
      <IconButton
        icon="more"
        label={t("chats.menu", { name })}
        aria-haspopup="menu"
        className={styles.menu}
        onClick={(event) => onMenu(chat, below(event.currentTarget))}
      />
    </li>
  );
}

function Signs({ chat, unread, muted }: { chat: Chat; unread: number; muted: boolean }) {
  const { t } = useTranslation();
  const mentions = chat.mine?.unread_mentions ?? 0;
  if (unread === 0) return <Sign icon="pin" label={t("chats.pinned")} />;
  return (
    <span className={styles.signs}>
      {mentions > 0 && (
        <span className={styles.mention}>
          <span aria-hidden="true">@</span>
          <span className="visually-hidden">{t("chats.mentions", { count: mentions })}</span>
        </span>
      )}
      <span className={styles.unread} data-muted={muted}>
        <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
        <span className="visually-hidden">{t("chats.unread", { count: unread })}</span>
      </span>
    </span>
  );
}

function Sign({ icon, label }: { icon: "pin" | "mute"; label: string }) {
  return (
    <span className={styles.sign} title={label}>
      <Icon name={icon} size={14} />
      <span className="visually-hidden">{label}</span>
    </span>
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
