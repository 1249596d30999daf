import { useId, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/IconButton/IconButton";
import styles from "./Composer.module.css";

/** What the server takes, measured as it travels: in JSON, escapes included. */
const LONGEST_BYTES = 20 * 1024;
const TALLEST_PX = 160;

interface Props {
  draft: string;
  onDraft: (text: string) => void;
  onSend: (content: string) => void;
}

/** Enter sends and Shift+Enter breaks the line; on a touch screen Enter breaks it and the button sends. */
export function Composer({ draft, onDraft, onSend }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState(draft);
  const area = useRef<HTMLTextAreaElement>(null);
  const content = text.trim();
  const tooLong = new TextEncoder().encode(JSON.stringify(content)).length > LONGEST_BYTES;

  useLayoutEffect(() => {
    const element = area.current!;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, TALLEST_PX)}px`;
  }, [text]);

  const write = (next: string) => {
    setText(next);
    onDraft(next);
  };
  const send = () => {
    if (content === "" || tooLong) return;
    onSend(content);
    write("");
    area.current?.focus();
  };
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={styles.inner}>
        <label htmlFor={id} className="visually-hidden">
          {t("chat.write")}
        </label>
        <textarea
          id={id}
          ref={area}
          rows={1}
          value={text}
          placeholder={t("chat.writePlaceholder")}
          aria-invalid={tooLong}
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            const touch = window.matchMedia("(pointer: coarse)").matches;
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || touch) return;
            event.preventDefault();
            send();
          }}
        />
        <IconButton
          type="submit"
          icon="send"
          kind="primary"
          label={t("chat.send")}
          className={styles.send}
          disabled={content === "" || tooLong}
        />
      </div>
      {tooLong && (
        <p role="alert" className={styles.tooLong}>
          {t("chat.tooLong")}
        </p>
      )}
    </form>
  );
}
