import { useId, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { useTranslation } from "react-i18next";
import type { Member } from "../../api/types";
import { IconButton } from "../../ui/IconButton/IconButton";
import styles from "./Composer.module.css";
import { MentionList, useMentions } from "./MentionList";

/** What the server takes, measured as it travels: in JSON, escapes included. */
const LONGEST_BYTES = 20 * 1024;
const TALLEST_PX = 160;
/** Keys that put marks around what is selected, with Ctrl or ⌘. */
const MARK_KEYS: Readonly<Record<string, string>> = { KeyB: "**", KeyI: "__", KeyU: "++" };

interface Props {
  initial: string;
  /** Whom an @ may call; undefined where nobody is to be called. */
  members: ((query: string) => Promise<readonly Member[]>) | undefined;
  sendLabel: string;
  sendIcon?: "send" | "check";
  /** What is answered or edited. */
  children?: ReactNode;
  focused?: boolean;
  focus?: Ref<() => void>;
  onText?: (text: string) => void;
  onSend: (text: string) => void;
  onEscape?: (() => void) | undefined;
  /** Up in an empty field. */
  onUp?: () => void;
}

/** Enter sends and Shift+Enter breaks the line; on a touch screen Enter breaks it and the button sends. */
export function Composer({ initial, members, sendLabel, sendIcon = "send", children, ...on }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState(initial);
  const area = useRef<HTMLTextAreaElement>(null);
  const content = text.trim();
  const tooLong = new TextEncoder().encode(JSON.stringify(content)).length > LONGEST_BYTES;
  const write = (next: string, caret?: number) => {
    setText(next);
    on.onText?.(next);
    if (caret !== undefined) requestAnimationFrame(() => area.current?.setSelectionRange(caret, caret));
  };
  const mentions = useMentions(members, text, area, write);

  useImperativeHandle(on.focus, () => () => area.current?.focus(), []);
  useLayoutEffect(() => {
    const element = area.current!;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, TALLEST_PX)}px`;
  }, [text]);

  const send = () => {
    if (content === "" || tooLong) return;
    on.onSend(content);
    setText("");
    area.current?.focus();
  };
  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || mentions.press(event)) return;
    const mark = event.ctrlKey || event.metaKey ? MARK_KEYS[event.code] : undefined;
    if (mark !== undefined) {
      event.preventDefault();
      const { selectionStart: from, selectionEnd: to } = event.currentTarget;
      return write(text.slice(0, from) + mark + text.slice(from, to) + mark + text.slice(to), to + mark.length);
    }
    if (event.key === "Escape" && on.onEscape !== undefined) return on.onEscape();
    if (event.key === "ArrowUp" && text === "" && on.onUp !== undefined) {
      event.preventDefault();
      return on.onUp();
    }
    const touch = window.matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || event.shiftKey || touch) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <MentionList {...mentions} id={`${id}-members`} />
      <div className={styles.inner}>
        {children}
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
          autoFocus={on.focused ?? false}
          onFocus={({ currentTarget }) => currentTarget.setSelectionRange(text.length, text.length)}
          onChange={(event) => write(event.target.value)}
          onSelect={mentions.look}
          onBlur={mentions.hide}
          onKeyDown={press}
          {...(mentions.found.length > 0 && {
            "aria-autocomplete": "list",
            "aria-controls": `${id}-members`,
            "aria-activedescendant": `${id}-members-${mentions.active}`,
          })}
        />
        <IconButton
          type="submit"
          icon={sendIcon}
          kind="primary"
          label={sendLabel}
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
