import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { readMessage } from "../../api/messages";
import type { Message } from "../../api/types";
import { useMessengerState } from "../realtime/useMessenger";
import styles from "./Quote.module.css";
import { fateOf } from "./rows";

/** The message that another one answers: what is held of it, or asked of the server. Undefined while that is not known. */
export function useQuoted(chatId: string, messageId: string): Message | null | undefined {
  const held = useMessengerState().histories[chatId]?.messages.find((message) => message.id === messageId);
  const asked = useQuery({
    queryKey: ["message", messageId],
    queryFn: () => readMessage(chatId, messageId),
    enabled: held === undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return held ?? (asked.isError ? null : asked.data);
}

/** Who said what is answered, in two lines; pressed, it leads there. */
export function Quote({ chatId, messageId, onJump }: { chatId: string; messageId: string; onJump: (seq: number) => void }) {
  const message = useQuoted(chatId, messageId);
  const { t } = useTranslation();
  if (message == null) return <span className={styles.quote}>{message === null && t("chat.deleted")}</span>;
  return (
    <button type="button" className={styles.quote} onClick={() => onJump(message.seq)}>
      <span className="visually-hidden">{t("message.answerTo")}</span>
      <QuoteLines message={message} />
    </button>
  );
}

export function QuoteLines({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { me, names } = useMessengerState();
  const fate = fateOf(message);
  const gone = fate === "deleted" || fate === "expired";
  return (
    <>
      <span className={styles.name}>
        {message.sender_id === me ? t("notice.you") : (names[message.sender_id] ?? t("notice.someone"))}
      </span>
      <span className={styles.text}>{gone ? t(`chat.${fate}`) : message.content}</span>
    </>
  );
}
