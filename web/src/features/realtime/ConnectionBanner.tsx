import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "../../ui/Icon/Icon";
import { Spinner } from "../../ui/Spinner/Spinner";
import styles from "./ConnectionBanner.module.css";
import { useMessengerState } from "./useMessenger";

/** A short loss that heals by itself is nothing to tell. */
const SAY_AFTER_MS = 1_500;

export function ConnectionBanner() {
  const { t } = useTranslation();
  const { connection } = useMessengerState();
  const live = connection === "live";
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (live) return setLasting(false);
    const timer = window.setTimeout(() => setLasting(true), SAY_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [live]);
  const shown = connection === "offline" || (lasting && !live);
  return (
    <div role="status" className={styles.place} data-connection={connection}>
      {shown && (
        <p className={styles.banner}>
          {connection === "offline" ? <Icon name="failed" size={16} /> : <Spinner size={14} />}
          {connection === "offline" ? t("connection.offline") : t("connection.waiting")}
        </p>
      )}
    </div>
  );
}
