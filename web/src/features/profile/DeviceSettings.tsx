import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { endOtherSessions, endSession, listSessions } from "../../api/security";
import type { OwnSession } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { listTime } from "../../lib/times";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { useMessenger } from "../realtime/useMessenger";
import { browserName } from "./browserName";
import styles from "./Profile.module.css";

/** Where one is signed in, and ending it from here. */
export function DeviceSettings() {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ["sessions", messenger.current().me], queryFn: listSessions });
  const again = () => client.invalidateQueries({ queryKey: ["sessions"] });
  const end = useMutation({ mutationFn: endSession, onSettled: again });
  const endOthers = useMutation({ mutationFn: endOtherSessions, onSettled: again });
  useEffect(
    () => messenger.subscribeToSettings(() => void client.invalidateQueries({ queryKey: ["sessions"] })),
    [messenger, client],
  );
  const error = end.error ?? endOthers.error ?? sessions.error;
  return (
    <section className={`${styles.card} ${styles.settings}`}>
      <h2 className={styles.heading}>{t("devices.title")}</h2>
      <ul className={styles.list} aria-label={t("devices.title")}>
        {(sessions.data ?? []).map((one) => (
          <Entry key={one.id} session={one} busy={end.isPending} onEnd={() => end.mutate(one.id)} />
        ))}
      </ul>
      {error !== null && <Banner kind="danger">{problemText(t, error)}</Banner>}
      {(sessions.data ?? []).length > 1 && (
        <Button kind="quiet" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {t("devices.endOthers")}
        </Button>
      )}
    </section>
  );
}

function Entry({ session, busy, onEnd }: { session: OwnSession; busy: boolean; onEnd: () => void }) {
  const { t, i18n } = useTranslation();
  const name = session.name ?? browserName(session.user_agent ?? session.device) ?? session.device ?? t("devices.unknown");
  const used = session.current ? t("devices.current") : listTime(i18n.language, session.last_used_at);
  return (
    <li className={styles.entry}>
      <div>
        <p>{name}</p>
        <p className={styles.secondary}>
          {[used, session.place, t(`devices.method.${session.method}`)].filter(Boolean).join(" · ")}
        </p>
      </div>
      {!session.current && (
        <Button kind="quiet" busy={busy} onClick={onEnd}>
          {t("devices.end")}
        </Button>
      )}
    </li>
  );
}
