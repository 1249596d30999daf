import { useState } from "react";
import styles from "./Avatar.module.css";

/** A picture, or initials on the brand's gradient. Decorative: the name always stands beside it. */
export function Avatar({ name, url, size = 44 }: { name: string; url?: string | null; size?: number }) {
  const [broken, setBroken] = useState<string | null>(null);
  const style = { width: size, height: size, fontSize: Math.round(size * 0.36) };
  if (url != null && url !== broken) {
    return <img className={styles.avatar} style={style} src={url} alt="" onError={() => setBroken(url)} />;
  }
  return (
    <span className={styles.avatar} data-tone={tone(name)} style={style} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.replace(/^@/, "").split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}

const TONES = 6;

function tone(name: string): number {
  // FNV-1a: short names that are alike still fall apart.
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return (hash >>> 8) % TONES;
}
