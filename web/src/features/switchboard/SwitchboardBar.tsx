import { useTranslation } from "react-i18next";
import { Icon, type IconName } from "../../ui/Icon/Icon";
import styles from "./SwitchboardBar.module.css";
import { useSwitchboard } from "./useSwitchboard";

const ICONS: Record<string, IconName> = { database: "database", files: "files", auth: "key", realtime: "chats" };

/** On which side each service stands. The place is said in words; the dot on its track and the glow only repeat them. */
export function SwitchboardBar() {
  const { t } = useTranslation();
  const { services, moves } = useSwitchboard();
  if (services.length === 0) return null;
  const name = (service: string) => (service in ICONS ? t(`switchboard.${service as "database"}`) : service);
  return (
    <div role="status" className={styles.bar} aria-label={t("switchboard.label")}>
      <ul className={styles.services}>
        {services.map(({ service, side }) => (
          <li
            key={service}
            className={styles.service}
            data-service={service}
            data-side={side}
            data-moved={moves.some((move) => move.service === service)}
          >
            <Icon name={ICONS[service] ?? "database"} size={16} />
            <span className={styles.name}>{name(service)}</span>
            <span className={styles.track} aria-hidden="true" />
            <span className={styles.side}>{t(`switchboard.${side}`)}</span>
          </li>
        ))}
      </ul>
      <p className="visually-hidden">
        {moves
          .map(({ service, from, to }) =>
            t("switchboard.moved", {
              service: name(service),
              from: t(`switchboard.${from}`),
              to: t(`switchboard.${to}`),
            }),
          )
          .join(". ")}
      </p>
    </div>
  );
}
