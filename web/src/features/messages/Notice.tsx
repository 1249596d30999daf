import { useTranslation } from "react-i18next";
import { dayName } from "../../lib/times";
import { useMessengerState } from "../realtime/useMessenger";
import styles from "./Notice.module.css";
import { noticeText } from "./notices";
import type { Row } from "./rows";

/** A line between the messages that says how the chat has changed. */
export function Notice({ row }: { row: Row }) {
  const { t, i18n } = useTranslation();
  const { me, names } = useMessengerState();
  if (row.message === null) return null;
  return (
    <div className={styles.row}>
      {row.day && (
        <p className={styles.line}>
          <time dateTime={row.at}>{dayName(i18n.language, row.at)}</time>
        </p>
      )}
      <p className={styles.line}>{noticeText(t, row.message, names, me)}</p>
    </div>
  );
}
