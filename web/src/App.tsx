import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { signOut } from "./api/client";
import { signedInPerson, subscribe } from "./api/session";
import type { Person } from "./api/types";
import styles from "./App.module.css";
import { Welcome } from "./features/accounts/Welcome";
import { ChatInfo } from "./features/chats/ChatInfo";
import { ChatList } from "./features/chats/ChatList";
import { Conversation } from "./features/messages/Conversation";
import { ConnectionBanner } from "./features/realtime/ConnectionBanner";
import { Messenger } from "./features/realtime/messenger";
import { Storage } from "./features/realtime/storage";
import { MessengerContext, useMessengerState } from "./features/realtime/useMessenger";
import { SwitchboardBar } from "./features/switchboard/SwitchboardBar";
import { useMedia } from "./lib/media";
import { useRoute } from "./lib/route";
import { Icon } from "./ui/Icon/Icon";
import { Mark } from "./ui/Mark/Mark";

// Whoever opens the messenger wants to read; the rest is fetched when it is asked for.
const JoinGroup = lazy(() => import("./features/chats/JoinGroup"));
const Profile = lazy(() => import("./features/profile/Profile"));
const fetchSearch = () => import("./features/search/Search");
const Search = lazy(fetchSearch);
const QUIET_AFTER_MS = 3_000;

export function App() {
  const person = useSyncExternalStore(subscribe, signedInPerson);
  return (
    <div className={styles.app}>
      <SwitchboardBar />
      {person === null ? <Welcome /> : <SignedIn key={person.id} person={person} />}
    </div>
  );
}

function SignedIn({ person }: { person: Person }) {
  const [messenger, setMessenger] = useState<Messenger | null>(null);
  useEffect(() => {
    const fresh = new Messenger(person.id);
    setMessenger(fresh);
    void fresh.start();
    return () => fresh.stop();
  }, [person.id]);
  if (messenger === null) return null;
  const leave = async () => {
    messenger.stop();
    await signOut();
    await Storage.forget(person.id);
  };
  return (
    <MessengerContext value={messenger}>
      <Shell person={person} onSignOut={() => void leave()} />
    </MessengerContext>
  );
}

/** One pane with a bar below on a phone; rail, list and chat from 768 px; the chat's members beside it from 1200 px. */
function Shell({ person, onSignOut }: { person: Person; onSignOut: () => void }) {
  const [place = "chats", chatId, seq] = useRoute();
  const showing = seq === undefined || Number.isNaN(Number(seq)) ? null : Number(seq);
  const { chats } = useMessengerState();
  const chat = chatId === undefined ? undefined : chats[chatId];
  const inChat = place === "chats" && chatId !== undefined;
  const wide = useMedia("(min-width: 1200px)");
  const [searching, setSearching] = useSearchKey();
  return (
    <div className={styles.shell}>
      <ConnectionBanner />
      <div className={styles.panes} data-place={place} data-in-chat={inChat}>
        <Navigation place={place} />
        {place === "profile" || (place === "join" && chatId !== undefined) ? (
          <main className={styles.page}>
            <Suspense>
              {place === "profile" ? <Profile person={person} onSignOut={onSignOut} /> : <JoinGroup key={chatId} token={chatId ?? ""} />}
            </Suspense>
          </main>
        ) : (
          <>
            <div className={styles.list}>
              <ChatList openId={chatId} onSearch={() => setSearching(true)} />
            </div>
            <main className={styles.chat}>
              {chat === undefined ? <Nothing gone={inChat} /> : <Conversation key={chat.id} chat={chat} showing={showing} />}
            </main>
            {chat !== undefined && wide && (
              <div className={styles.info}>
                <ChatInfo chat={chat} />
              </div>
            )}
          </>
        )}
      </div>
      {searching && (
        <Suspense>
          <Search onClose={() => setSearching(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** Ctrl+K or ⌘K opens the search from everywhere. */
function useSearchKey() {
  const state = useState(false);
  const [, setSearching] = state;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.code !== "KeyK" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      setSearching(true);
    };
    window.addEventListener("keydown", press);
    // Fetched before it is asked for, so that the first letters do not go astray.
    const timer = window.setTimeout(() => void fetchSearch().catch(() => undefined), QUIET_AFTER_MS);
    return () => {
      window.clearTimeout(timer);
      window.removeEventListener("keydown", press);
    };
  }, []);
  return state;
}

function Navigation({ place }: { place: string }) {
  const { t } = useTranslation();
  return (
    <nav className={styles.navigation} aria-label={t("nav.label")}>
      <span className={styles.mark}>
        <Mark size={34} />
      </span>
      <a href="#/chats" aria-current={place === "chats" ? "page" : undefined}>
        <Icon name="chats" size={24} />
        {t("nav.chats")}
      </a>
      <a href="#/profile" aria-current={place === "profile" ? "page" : undefined}>
        <Icon name="person" size={24} />
        {t("nav.profile")}
      </a>
    </nav>
  );
}

function Nothing({ gone }: { gone: boolean }) {
  const { t } = useTranslation();
  const { loaded } = useMessengerState();
  if (!loaded) return null;
  return (
    <div className={styles.nothing}>
      <Icon name="chats" size={44} />
      <p className={styles.nothingTitle}>{gone ? t("chats.gone") : t("chats.none")}</p>
      <p>{gone ? <a href="#/chats">{t("chat.back")}</a> : t("chats.noneHint")}</p>
    </div>
  );
}
