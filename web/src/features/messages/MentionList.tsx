import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { Member } from "../../api/types";
import { Avatar } from "../../ui/Avatar/Avatar";
import styles from "./MentionList.module.css";
import { complete, mentionAt } from "./mentions";

const SHOWN = 6;

interface Mentions {
  found: readonly Member[];
  active: number;
  choose: (member: Member) => void;
}

/** What an @ before the caret offers: arrows move, Enter or Tab chooses, Esc closes. */
export function useMentions(
  members: ((query: string) => Promise<readonly Member[]>) | undefined,
  text: string,
  area: RefObject<HTMLTextAreaElement | null>,
  write: (text: string, caret: number) => void,
) {
  const [caret, setCaret] = useState(-1);
  const [found, setFound] = useState<readonly Member[]>([]);
  const [active, setActive] = useState(0);
  const asked = useRef(0);
  const at = members === undefined || caret < 0 ? null : mentionAt(text, caret);
  const query = at?.query;
  useEffect(() => {
    const question = (asked.current += 1);
    setActive(0);
    if (members === undefined || query === undefined) return setFound([]);
    void members(query).then((list) => {
      if (asked.current === question) setFound(list.slice(0, SHOWN));
    });
  }, [query]);

  const choose = (member: Member) => {
    if (at === null) return;
    const next = complete(text, at.from, caret, member);
    write(next.text, next.caret);
    setCaret(-1);
  };
  return {
    found,
    active,
    choose,
    look: () => setCaret(area.current?.selectionStart ?? -1),
    hide: () => setCaret(-1),
    /** True when the key was for the list. */
    press: (event: KeyboardEvent): boolean => {
      if (found.length === 0) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) setActive((active + step + found.length) % found.length);
      else if (event.key === "Enter" || event.key === "Tab") choose(found[active]!);
      else if (event.key === "Escape") setCaret(-1);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

export function MentionList({ id, found, active, choose }: Mentions & { id: string }) {
  const { t } = useTranslation();
  if (found.length === 0) return null;
  return (
    <ul id={id} role="listbox" className={styles.list} aria-label={t("message.mention")}>
      {found.map((member, index) => (
        <li
          key={member.user_id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={styles.member}
          // The field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => choose(member)}
        >
          <Avatar name={member.full_name} url={member.avatar_url} size={28} />
          <span className={styles.name}>{member.full_name}</span>
          <span className={styles.id}>{member.cyphr_id}</span>
        </li>
      ))}
    </ul>
  );
}
