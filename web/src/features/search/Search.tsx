import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { searchMessages } from "../../api/messages";
import type { Hit } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { go } from "../../lib/route";
import { listTime } from "../../lib/times";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Dialog } from "../../ui/Dialog/Dialog";
import { chatAvatar, chatName } from "../chats/names";
import { chatsByActivity } from "../realtime/state";
import { useMessengerState } from "../realtime/useMessenger";
import { highlighted } from "./highlighted";
import styles from "./Search.module.css";

const SHOWN_CHATS = 6;
const ASK_AFTER_MS = 200;

interface Found {
  path: string;
  content: ReactNode;
}

/** One's own chats, and the messages in them. Arrows choose, Enter goes there. */
export default function Search({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [words, setWords] = useState("");
  const [active, setActive] = useState(0);
  const chats = useFoundChats(useDeferredValue(words.trim()));
  const messages = useFoundMessages(words.trim());
  const all = [...chats, ...messages.found];
  useEffect(() => setActive(0), [words]);
  useEffect(() => document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" }), [id, active]);
  const open = (found: Found | undefined) => {
    if (found === undefined) return;
    onClose();
    go(found.path);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") open(all[active]);
    else if (event.key === "ArrowDown") setActive(Math.min(active + 1, all.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else return;
    event.preventDefault();
  };
  const option = (found: Found, index: number) => (
    <li
      key={found.path}
      id={`${id}-${index}`}
      role="option"
      aria-selected={index === active}
      className={styles.option}
      onClick={() => open(found)}
    >
      {found.content}
    </li>
  );
  return (
    <Dialog open title={t("search.title")} closeLabel={t("close")} onClose={onClose}>
      <input
        className={styles.words}
        role="combobox"
        aria-expanded={all.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-label={t("search.placeholder")}
        {...(all.length > 0 && { "aria-activedescendant": `${id}-${active}` })}
        placeholder={t("search.placeholder")}
        autoFocus
        autoComplete="off"
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={press}
      />
      <div className={styles.found}>
        <div role="listbox" id={`${id}-list`} aria-label={t("search.found")}>
          {chats.length > 0 && (
            <ul role="group" aria-label={t("search.inChats")}>
              {chats.map(option)}
            </ul>
          )}
          {messages.found.length > 0 && (
            <>
              <p aria-hidden="true" className={styles.title}>
                {t("search.inMessages")}
              </p>
              <ul role="group" aria-label={t("search.inMessages")}>
                {messages.found.map((found, index) => option(found, chats.length + index))}
              </ul>
            </>
          )}
        </div>
        <p role="status" className={styles.note}>
          {words.trim() === "" ? t("search.hint") : all.length === 0 && !messages.busy && messages.error === null && t("search.nothing")}
        </p>
        {messages.error !== null && <Banner kind="danger">{problemText(t, messages.error)}</Banner>}
      </div>
    </Dialog>
  );
}

function useFoundChats(words: string): Found[] {
  const state = useMessengerState();
  const wanted = words.toLocaleLowerCase();
  return chatsByActivity(state)
    .filter((chat) => chatName(chat, state.me).toLocaleLowerCase().includes(wanted))
    .slice(0, SHOWN_CHATS)
    .map((chat) => {
      const name = chatName(chat, state.me);
      return {
        path: `chats/${chat.id}`,
        content: (
          <>
            <Avatar name={name} url={chatAvatar(chat, state.me)} size={36} />
            <span className={styles.name}>{name}</span>
          </>
        ),
      };
    });
}

function useFoundMessages(words: string): { found: Found[]; busy: boolean; error: Error | null } {
  const { chats, me } = useMessengerState();
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setAsked(words), ASK_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [words]);
  const hits = useQuery({
    queryKey: ["search", asked],
    queryFn: () => searchMessages(asked, null),
    enabled: asked !== "",
    retry: false,
    gcTime: 0,
  });
  const known = (words === asked && hits.data?.hits) || [];
  return {
    found: known.map((hit) => {
      const chat = chats[hit.message.chat_id];
      const name = chat === undefined ? "" : chatName(chat, me);
      return { path: `chats/${hit.message.chat_id}/${hit.message.seq}`, content: <Message hit={hit} name={name} /> };
    }),
    busy: words !== asked || hits.isFetching,
    error: hits.error,
  };
}

function Message({ hit, name }: { hit: Hit; name: string }) {
  const { t, i18n } = useTranslation();
  const { me, names } = useMessengerState();
  const sender = hit.message.sender_id === me ? t("notice.you") : names[hit.message.sender_id];
  return (
    <>
      <Avatar name={name} size={36} />
      <span className={styles.message}>
        <span className={styles.head}>
          <span className={styles.name}>{name}</span>
          <time dateTime={hit.message.created_at}>{listTime(i18n.language, hit.message.created_at)}</time>
        </span>
        <span className={styles.snippet}>
          {sender !== undefined && `${sender}: `}
          {highlighted(hit.snippet, hit.highlights).map(({ text, marked }, index) => (marked ? <mark key={index}>{text}</mark> : text))}
        </span>
      </span>
    </>
  );
}
