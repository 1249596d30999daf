import { useTranslation } from "react-i18next";
import { putChatPrivacy, putPrivacy, readChatPrivacy, readPrivacy } from "../../api/settings";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Select } from "../../ui/Select/Select";
import { Toggle } from "../../ui/Toggle/Toggle";
import styles from "./Profile.module.css";
import { useSetting } from "./useSetting";

/** What others are shown of oneself, and who may add one to groups. */
export function PrivacySettings() {
  const { t } = useTranslation();
  const privacy = useSetting("privacy", readPrivacy, putPrivacy);
  const chats = useSetting("chat-privacy", readChatPrivacy, putChatPrivacy);
  const error = privacy.error ?? chats.error;
  const some = [
    ["everyone", t("privacy.everyone")],
    ["contacts", t("privacy.contacts")],
  ] as const;
  const whom = [...some, ["nobody", t("privacy.nobody")]] as const;
  return (
    <section className={`${styles.card} ${styles.settings}`}>
      <h2 className={styles.heading}>{t("privacy.title")}</h2>
      {privacy.value !== undefined && (
        <>
          <Select
            label={t("privacy.lastSeen")}
            value={privacy.value.last_seen}
            options={whom}
            onChange={(last_seen) => privacy.set({ ...privacy.value!, last_seen })}
          />
          <Select
            label={t("privacy.picture")}
            value={privacy.value.picture}
            options={whom}
            onChange={(picture) => privacy.set({ ...privacy.value!, picture })}
          />
          <Toggle
            label={t("privacy.readReceipts")}
            checked={privacy.value.read_receipts}
            onChange={(read_receipts) => privacy.set({ ...privacy.value!, read_receipts })}
          />
        </>
      )}
      {chats.value !== undefined && (
        <Select
          label={t("privacy.whoMayAdd")}
          value={chats.value.who_may_add}
          options={some}
          onChange={(who_may_add) => chats.set({ who_may_add })}
        />
      )}
      <p className={styles.secondary}>{t("privacy.mutual")}</p>
      {error !== null && <Banner kind="danger">{problemText(t, error)}</Banner>}
    </section>
  );
}
