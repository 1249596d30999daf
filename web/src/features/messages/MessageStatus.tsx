import { useTranslation } from "react-i18next";
import { Icon, type IconName } from "../../ui/Icon/Icon";
import styles from "./MessageStatus.module.css";
import type { Status } from "./status";

const ICONS: Record<Status, IconName> = {
  queued: "clock",
  failed: "failed",
  sent: "sent",
  delivered: "delivered",
  read: "delivered",
};

/** A clock, one tick, two ticks; read ticks are heavier and filled behind, not only of another colour. */
export function MessageStatus({ status }: { status: Status }) {
  const { t } = useTranslation();
  return (
    <span className={styles.status} data-status={status} title={t(`status.${status}`)}>
      <Icon name={ICONS[status]} size={15} />
      <span className="visually-hidden">{t(`status.${status}`)}</span>
    </span>
  );
}
