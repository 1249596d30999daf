import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import type { Chat, Message } from "../../api/types";
import { IconButton } from "../../ui/IconButton/IconButton";
import type { MenuPlace } from "../../ui/Menu/gesture";
import { Spinner } from "../../ui/Spinner/Spinner";
import { myMember, unreadCount } from "../realtime/state";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import { Bubble } from "./Bubble";
import { reachesStart } from "./history";
import styles from "./MessageList.module.css";
import type { Deed } from "./MessageMenu";
import { Notice } from "./Notice";
import { rowsOf, type Row } from "./rows";
import { useFollowing } from "./useFollowing";

const SCREENFUL = 25;
const NEAR_BOTTOM_PX = 80;

const FOUND_MS = 1_700;

// Not needed to read: fetched with the first menu.
const MessageMenu = lazy(() => import("./MessageMenu"));

interface Props {
  chat: Chat;
  /** The message to show, again whenever the object is another. */
  target: { seq: number } | null;
  onJump: (seq: number) => void;
  onDeed: (deed: Deed, message: Message) => void;
}

export function MessageList({ chat, target, onJump, onDeed }: Props) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const state = useMessengerState();
  const list = useRef<VirtuosoHandle>(null);
  const history = state.histories[chat.id];
  const waiting = useMemo(() => state.outbox.filter((entry) => entry.chat_id === chat.id), [state.outbox, chat.id]);
  const rows = useMemo(
    () => rowsOf(history?.messages ?? [], waiting, state.me),
    [history?.messages, waiting, state.me],
  );
  const atStart = history !== undefined && reachesStart(history, chat.mine?.visible_from_seq);
  const enough = atStart || rows.length >= SCREENFUL;
  const [fetched, setFetched] = useState(false);
  const [atBottom, setAtBottom] = useState(true);
  const [readBefore] = useState(() =>
    unreadCount(state, chat) > 0 ? (myMember(state, chat)?.read_seq ?? 0) : Number.POSITIVE_INFINITY,
  );

  useEffect(() => {
    if (!enough) void messenger.loadOlder(chat.id).finally(() => setFetched(true));
  }, [chat.id, state.connection === "live"]);

  useReading(chat.id, history?.head ?? 0, atBottom);

  const { leave, scrollerRef, moves } = useFollowing(waiting.at(-1)?.id, atBottom);
  const found = useJump(chat.id, rows, target, list, leave);
  const [menu, setMenu] = useState<{ message: Message; place: MenuPlace } | null>(null);
  const openMenu = useCallback((message: Message, place: MenuPlace) => setMenu({ message, place }), []);

  const unread = atBottom ? 0 : unreadCount(state, chat);
  if (!enough && !fetched) {
    return (
      <div className={styles.loading} role="status">
        <Spinner size={24} />
        <span className="visually-hidden">{t("chat.older")}</span>
      </div>
    );
  }
  return (
    <div className={styles.frame}>
      <Virtuoso
        ref={list}
        scrollerRef={scrollerRef}
        className={styles.list}
        role="region"
        tabIndex={0}
        aria-label={t("chat.history", { name: chat.name ?? "" })}
        data={rows}
        // A row's index is its sequence number, so the list stays where it is when older rows come before it.
        firstItemIndex={history?.messages[0]?.seq ?? (history?.head ?? 0) + 1}
        initialTopMostItemIndex={{ index: "LAST", align: "end" }}
        alignToBottom
        computeItemKey={(_, row) => row.key}
        {...moves}
        atBottomThreshold={NEAR_BOTTOM_PX}
        atBottomStateChange={setAtBottom}
        increaseViewportBy={{ top: 600, bottom: 300 }}
        startReached={() => {
          if (!atStart) void messenger.loadOlder(chat.id);
        }}
        components={{ Header: atStart ? Beginning : Older, Footer }}
        itemContent={(_, row) =>
          row.notice ? (
            <Notice row={row} />
          ) : (
            <Bubble
              row={row}
              chat={chat}
              readBefore={readBefore}
              found={row.message?.seq === found}
              onJump={onJump}
              onMenu={openMenu}
            />
          )
        }
      />
      {menu !== null && (
        <Suspense>
          <MessageMenu {...menu} onClose={() => setMenu(null)} onDeed={onDeed} />
        </Suspense>
      )}
      {!atBottom && (
        <div className={styles.latest}>
          <IconButton
            icon="down"
            label={unread > 0 ? t("chat.latestNew", { count: unread }) : t("chat.latest")}
            className={styles.latestButton}
            onClick={() => list.current?.scrollToIndex({ index: "LAST", align: "end", behavior: "smooth" })}
          />
          {unread > 0 && (
            <span className={styles.latestCount} aria-hidden="true">
              {unread > 99 ? "99+" : unread}
            </span>
          )}
        </div>
      )}
    </div>
  );
}

/** Brings a message into view, fetching what lies between; gives its number while it is to be marked. */
function useJump(
  chatId: string,
  rows: readonly Row[],
  target: { seq: number } | null,
  list: RefObject<VirtuosoHandle | null>,
  leaveEnd: () => void,
): number | null {
  const messenger = useMessenger();
  const [wanted, setWanted] = useState(target);
  const [found, setFound] = useState<number | null>(null);
  useEffect(() => {
    setWanted(target);
    if (target !== null) void messenger.loadBackTo(chatId, target.seq);
  }, [messenger, chatId, target]);
  // Whenever something is drawn: the list itself may come later than its rows.
  useEffect(() => {
    const index = wanted === null ? -1 : rows.findIndex((row) => row.message?.seq === wanted.seq);
    if (wanted === null || index === -1 || list.current === null) return;
    leaveEnd();
    list.current.scrollToIndex({ index, align: "center" });
    setWanted(null);
    setFound(wanted.seq);
  });
  useEffect(() => {
    if (found === null) return;
    const timer = window.setTimeout(() => setFound(null), FOUND_MS);
    return () => window.clearTimeout(timer);
  }, [found]);
  return found;
}

/** What is at the bottom of a visible page has been read. */
function useReading(chatId: string, head: number, atBottom: boolean): void {
  const messenger = useMessenger();
  useEffect(() => {
    const read = () => {
      if (atBottom && document.visibilityState === "visible") messenger.markRead(chatId);
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [messenger, chatId, head, atBottom]);
}

function Beginning() {
  const { t } = useTranslation();
  return <p className={styles.beginning}>{t("chat.start")}</p>;
}

function Older() {
  return (
    <p className={styles.older}>
      <Spinner />
    </p>
  );
}

function Footer() {
  return <div className={styles.footer} />;
}
