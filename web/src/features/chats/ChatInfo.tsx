import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Chat } from "../../api/types";
import { Dialog } from "../../ui/Dialog/Dialog";
import styles from "./ChatInfo.module.css";

// A phone shows it only when it is asked for.
const ChatAbout = lazy(() => import("./ChatAbout"));

/** What the chat is and who is in it; beside the conversation on a wide screen. */
export function ChatInfo({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  return (
    <aside className={styles.pane} aria-label={t("chat.info")}>
      <Suspense>
        <ChatAbout key={chat.id} chat={chat} />
      </Suspense>
    </aside>
  );
}

/** The same on a screen that has no room beside the conversation. */
export function ChatInfoDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open title={t("chat.info")} closeLabel={t("close")} onClose={onClose}>
      <Suspense>
        <ChatAbout chat={chat} />
      </Suspense>
    </Dialog>
  );
}
