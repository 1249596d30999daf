import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { setDisappearing } from "../../api/groups";
import type { Chat } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { clockTime, listTime } from "../../lib/times";
import { Banner } from "../../ui/Banner/Banner";
import { Select } from "../../ui/Select/Select";
import { useMessenger } from "../realtime/useMessenger";
import styles from "./ChatAbout.module.css";
import { isMuted, isPinned } from "./listing";
import { administers } from "./roles";
import { useChatSettings, type MuteFor } from "./useChatSettings";

const LIVES = ["stay", "86400", "604800", "7776000"] as const;
type Life = (typeof LIVES)[number];

/** What one sets of the chat for oneself, and how long its messages live. */
export function ChatSettings({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const settings = useChatSettings(chat);
  return (
    <section className={styles.section}>
      <Mute chat={chat} onChange={settings.mute} />
      <Select
        label={t("info.place")}
        value={chat.mine?.archived === true ? "archived" : isPinned(chat) ? "pinned" : "listed"}
        options={[
          ["listed", t("info.listed")],
          ["pinned", t("info.pinned")],
          ["archived", t("info.archived")],
        ]}
        onChange={(place) => {
          if (isPinned(chat) !== (place === "pinned")) void settings.pin(place === "pinned");
          if ((chat.mine?.archived === true) !== (place === "archived")) settings.archive(place === "archived");
        }}
      />
      <Disappearing chat={chat} />
    </section>
  );
}

function Mute({ chat, onChange }: { chat: Chat; onChange: (how: MuteFor) => void }) {
  const { t, i18n } = useTranslation();
  const { mine } = chat;
  const until = mine?.muted_until ?? null;
  const passing = until !== null && mine?.muted_for_ever === false && isMuted(mine, Date.now());
  const when = until === null ? "" : Date.parse(until) - Date.now() < 86_400_000 ? clockTime(i18n.language, until) : listTime(i18n.language, until, new Date(0));
  return (
    <Select
      label={t("info.notifications")}
      value={passing ? "passing" : mine?.muted_for_ever === true ? "ever" : "no"}
      options={[
        ["no", t("info.notified")],
        ...(passing ? [["passing", t("info.mutedUntil", { when })] as const] : []),
        ["hour", t("info.muteHour")],
        ["workday", t("info.muteWorkday")],
        ["week", t("info.muteWeek")],
        ["ever", t("info.muteEver")],
      ]}
      onChange={(how) => how !== "passing" && onChange(how)}
    />
  );
}

function Disappearing({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const set = useMutation({
    mutationFn: (life: Life) => setDisappearing(chat.id, life === "stay" ? null : (Number(life) as 86400 | 604800 | 7776000)),
    onSuccess: () => messenger.refreshChat(chat.id),
  });
  const kept = LIVES.find((life) => life === String(chat.disappear_after)) ?? "stay";
  return (
    <>
      <Select
        label={t("info.disappearing")}
        value={set.isPending ? set.variables : kept}
        disabled={set.isPending || (chat.type !== "direct" && !administers(chat))}
        options={LIVES.map((life) => [life, t(`info.life.${life}`)] as const)}
        onChange={(life) => set.mutate(life)}
      />
      {set.error !== null && <Banner kind="danger">{problemText(t, set.error)}</Banner>}
    </>
  );
}
