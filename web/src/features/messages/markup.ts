/**
 * Formatting as people type it and as messages carry it: `**bold**`, `__italic__`, `++underlined++`, `~~struck~~`,
 * `||hidden||`, `` `code` ``, three back-ticks around a block, and lines that begin with `> `.
 *
 * A mark opens only where a word begins and closes only where one ends, so that `C++ and C++` stays what it is.
 */

import type { Entity } from "../../api/types";

type Kind = Entity["kind"];

export interface Formatted {
  readonly content: string;
  readonly formatting: Entity[];
}

const MARKS: readonly (readonly [string, Kind])[] = [
  ["**", "bold"],
  ["__", "italic"],
  ["++", "underline"],
  ["~~", "strike"],
  ["||", "spoiler"],
];
const MOST_ENTITIES = 50;

export function parseMarkup(text: string): Formatted {
  const blocks = text.split(/(```[^]+?```)/);
  const built = join(blocks.map((block, index) => (index % 2 === 1 ? fenced(block) : quoted(block))));
  return { content: built.content, formatting: built.formatting.slice(0, MOST_ENTITIES) };
}

/** The text that, parsed, gives this again: for editing. */
export function writeMarkup({ content, formatting }: Pick<Formatted, "content"> & { formatting: readonly Entity[] }): string {
  const inserts: { at: number; order: number; text: string }[] = [];
  formatting.forEach(({ kind, start, length }, index) => {
    const end = start + length;
    if (kind === "quote") {
      for (let at = start; at < end; at = content.indexOf("\n", at) + 1 || end) inserts.push({ at, order: -1, text: "> " });
      return;
    }
    const mark = kind === "pre" ? "```" : kind === "code" ? "`" : MARKS.find(([, one]) => one === kind)![0];
    // What opened last closes first.
    inserts.push({ at: start, order: index, text: mark }, { at: end, order: -2 - index, text: mark });
  });
  inserts.sort((one, other) => one.at - other.at || one.order - other.order);
  let written = "";
  let from = 0;
  for (const { at, text } of inserts) {
    written += content.slice(from, at) + text;
    from = at;
  }
  return written + content.slice(from);
}

function fenced(block: string): Formatted {
  const content = block.slice(3, -3).replace(/^\n|\n$/g, "");
  return content.trim() === "" ? { content: block, formatting: [] } : whole(content, "pre");
}

function quoted(text: string): Formatted {
  const runs = text.split(/((?:^|(?<=\n))> [^\n]*(?:\n> [^\n]*)*)/);
  return join(
    runs.map((run, index) => {
      if (index % 2 === 0) return inline(run);
      const inner = inline(run.replace(/^> /gm, ""));
      return inner.content.trim() === "" ? inline(run) : wrapped(inner, "quote");
    }),
  );
}

function inline(text: string): Formatted {
  const parts: Formatted[] = [];
  let plainFrom = 0;
  for (let at = 0; at < text.length; ) {
    const found = spanAt(text, at);
    if (found === null) {
      at += 1;
      continue;
    }
    parts.push({ content: text.slice(plainFrom, at), formatting: [] }, found.part);
    at = plainFrom = found.end;
  }
  parts.push({ content: text.slice(plainFrom), formatting: [] });
  return join(parts);
}

function spanAt(text: string, at: number): { part: Formatted; end: number } | null {
  if (text[at] === "`") {
    const close = text.indexOf("`", at + 1);
    const inside = text.slice(at + 1, close);
    return close === -1 || inside.trim() === "" || inside.includes("\n") ? null : { part: whole(inside, "code"), end: close + 1 };
  }
  const mark = MARKS.find(([sign]) => text.startsWith(sign, at));
  if (mark === undefined || /[\p{L}\p{N}]/u.test(text[at - 1] ?? " ")) return null;
  const [sign, kind] = mark;
  let close = text.indexOf(sign, at + 3);
  while (close !== -1 && /\s/.test(text[close - 1]!)) close = text.indexOf(sign, close + 1);
  const inside = close === -1 ? "" : text.slice(at + 2, close);
  if (inside === "" || /^\s/.test(inside)) return null;
  return { part: wrapped(inline(inside), kind), end: close + 2 };
}

const whole = (content: string, kind: Kind): Formatted => wrapped({ content, formatting: [] }, kind);

function wrapped({ content, formatting }: Formatted, kind: Kind): Formatted {
  return { content, formatting: [{ kind, start: 0, length: content.length }, ...formatting] };
}

function join(parts: readonly Formatted[]): Formatted {
  let content = "";
  const formatting: Entity[] = [];
  for (const part of parts) {
    for (const entity of part.formatting) formatting.push({ ...entity, start: entity.start + content.length });
    content += part.content;
  }
  return { content, formatting };
}
