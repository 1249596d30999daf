import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { changeGroup } from "../../api/groups";
import type { Chat, GroupChanges } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Select } from "../../ui/Select/Select";
import { useMessenger } from "../realtime/useMessenger";
import styles from "./ChatAbout.module.css";

const RULES = ["who_may_send", "who_may_add", "who_may_change"] as const;

/** What members may do, and what newcomers see. */
export function GroupRules({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const change = useMutation({
    mutationFn: (changes: GroupChanges) => changeGroup(chat.id, changes),
    onSuccess: (told) => messenger.addChat(told),
  });
  return (
    <section className={styles.section}>
      <h3 className={styles.title}>{t("info.rules")}</h3>
      {RULES.map((rule) => (
        <Select
          key={rule}
          label={t(`info.${rule}`)}
          value={chat[rule]}
          disabled={change.isPending}
          options={[
            ["member", t("info.everyMember")],
            ["admin", t("info.adminsOnly")],
          ]}
          onChange={(role) => change.mutate({ [rule]: role })}
        />
      ))}
      <Select
        label={t("info.history")}
        value={chat.history}
        disabled={change.isPending}
        options={[
          ["joining", t("info.historyJoining")],
          ["start", t("info.historyStart")],
        ]}
        onChange={(history) => change.mutate({ history })}
      />
      {change.error !== null && <Banner kind="danger">{problemText(t, change.error)}</Banner>}
    </section>
  );
}
