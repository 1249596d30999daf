import { useTranslation } from "react-i18next";
import type { Message } from "../../api/types";
import { useMessengerState } from "../realtime/useMessenger";
import { isMine } from "./reactions";
import styles from "./Reactions.module.css";
import { useReacting } from "./useReacting";

/** The reactions below a message; one's own are marked, and each can be joined or taken back. */
export function Reactions({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { me, names } = useMessengerState();
  const react = useReacting();
  if (message.reactions.length === 0) return null;
  return (
    <ul className={styles.list} aria-label={t("message.reactions")}>
      {message.reactions.map(({ emoji, count, user_ids }) => {
        const people = user_ids.toSorted((one, other) => Number(other === me) - Number(one === me)).map((id) => (id === me ? t("notice.you") : names[id])).filter(Boolean);
        const who = people.join(", ") + (count > people.length ? "…" : "");
        return (
          <li key={emoji}>
            <button
              type="button"
              className={styles.reaction}
              aria-pressed={isMine(message, emoji, me)}
              aria-label={t("message.reaction", { emoji, count, who })}
              title={who}
              onClick={() => react(message, emoji)}
            >
              <span className={styles.chip}>
                {emoji} <span className={styles.count}>{count}</span>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
