import { useMemo, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, Member } from "../../api/types";
import { handleOf, placesOf } from "./mentions";
import styles from "./MessageText.module.css";
import { blocksOf, linksIn, type Look, type Segment } from "./segments";

interface Props {
  content: string;
  formatting: readonly Entity[];
  mentions: readonly string[];
  members: readonly Member[];
}

/** What a message says, with its formatting, its links and those it calls by name. */
export function MessageText({ content, formatting, mentions, members }: Props) {
  const blocks = useMemo(() => {
    const called = members.filter((member) => mentions.includes(member.user_id)).map(handleOf);
    const names = called.flatMap((handle) =>
      placesOf(content, handle).map((start) => ({ kind: "mention" as const, start, length: handle.length })),
    );
    return blocksOf(content, [...formatting, ...names, ...linksIn(content)]);
  }, [content, formatting, mentions, members]);
  return (
    <span className={styles.text} dir="auto">
      {blocks.map(({ kind, segments }, index) => (
        <span key={index} className={kind === null ? undefined : styles[kind]}>
          {segments.map((segment, place) => (
            <Piece key={place} segment={segment} />
          ))}
        </span>
      ))}
    </span>
  );
}

function Piece({ segment: { text, looks } }: { segment: Segment }) {
  const shown = looks.filter((look) => look !== "spoiler").reduce<ReactNode>((inner, look) => dressed(look, inner, text), text);
  return looks.includes("spoiler") ? <Spoiler>{shown}</Spoiler> : shown;
}

function dressed(look: Look, inner: ReactNode, text: string): ReactNode {
  switch (look) {
    case "bold":
      return <strong>{inner}</strong>;
    case "italic":
      return <em>{inner}</em>;
    case "underline":
      return <u>{inner}</u>;
    case "strike":
      return <s>{inner}</s>;
    case "code":
      return <code className={styles.code}>{inner}</code>;
    case "mention":
      return <span className={styles.mention}>{inner}</span>;
    case "link":
      return (
        <a className={styles.link} href={text} target="_blank" rel="noopener noreferrer">
          {inner}
        </a>
      );
    case "spoiler":
      return inner;
  }
}

function Spoiler({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  if (shown) return children;
  return (
    <button type="button" className={styles.spoiler} aria-label={t("message.spoiler")} onClick={() => setShown(true)}>
      <span aria-hidden="true">{children}</span>
    </button>
  );
}
