import { useTranslation } from "react-i18next";
import { putNotifications, readNotifications } from "../../api/settings";
import type { QuietHours } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Select } from "../../ui/Select/Select";
import { TextField } from "../../ui/TextField/TextField";
import { Toggle } from "../../ui/Toggle/Toggle";
import styles from "./Profile.module.css";
import { useSetting } from "./useSetting";

/** What a push shows, and when none comes. */
export function NotificationSettings() {
  const { t } = useTranslation();
  const { value, error, set } = useSetting("notifications", readNotifications, putNotifications);
  const quiet = value?.quiet_hours ?? null;
  const setQuiet = (quiet_hours: QuietHours | null) => value !== undefined && set({ ...value, quiet_hours });
  return (
    <section className={`${styles.card} ${styles.settings}`}>
      <h2 className={styles.heading}>{t("notifications.title")}</h2>
      {value !== undefined && (
        <>
          <Select
            label={t("notifications.preview")}
            value={value.preview}
            options={[
              ["full", t("notifications.full")],
              ["name", t("notifications.name")],
              ["none", t("notifications.none")],
            ]}
            onChange={(preview) => set({ ...value, preview })}
          />
          <Toggle
            label={t("notifications.mentions")}
            checked={value.mentions_break_mute}
            onChange={(mentions_break_mute) => set({ ...value, mentions_break_mute })}
          />
          <Toggle
            label={t("notifications.quiet")}
            checked={quiet !== null}
            onChange={(wanted) => setQuiet(wanted ? tonight() : null)}
          />
        </>
      )}
      {quiet !== null && <Quiet hours={quiet as QuietHours} onChange={setQuiet} />}
      {error !== null && <Banner kind="danger">{problemText(t, error)}</Banner>}
    </section>
  );
}

function Quiet({ hours, onChange }: { hours: QuietHours; onChange: (hours: QuietHours) => void }) {
  const { t } = useTranslation();
  const time = (part: "start" | "end") => (
    <TextField
      label={t(`notifications.${part}`)}
      type="time"
      required
      value={hours[part].slice(0, 5)}
      onChange={({ target }) => target.value !== "" && onChange({ ...hours, [part]: target.value, time_zone: zone() })}
    />
  );
  return (
    <>
      <div className={styles.hours}>
        {time("start")}
        {time("end")}
      </div>
      <Select
        label={t("notifications.meanwhile")}
        value={hours.mode}
        options={[
          ["none", t("notifications.nothing")],
          ["badge", t("notifications.badge")],
        ]}
        onChange={(mode) => onChange({ ...hours, mode })}
      />
      <p className={styles.secondary}>{t("notifications.zone", { zone: hours.time_zone })}</p>
    </>
  );
}

const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const tonight = (): QuietHours => ({ start: "22:00", end: "08:00", time_zone: zone(), mode: "none" });
