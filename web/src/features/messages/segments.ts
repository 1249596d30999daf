/** A message's text cut where its looks change. */

import type { Entity } from "../../api/types";

export type Look = Exclude<Entity["kind"], "pre" | "quote"> | "mention" | "link";

export interface Segment {
  text: string;
  looks: Look[];
}

export interface Block {
  /** What stands by itself between the lines. */
  kind: "pre" | "quote" | null;
  segments: Segment[];
}

interface Span<Kind> {
  kind: Kind;
  start: number;
  length: number;
}

const LINK = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]]/g;

export function linksIn(content: string): Span<"link">[] {
  return [...content.matchAll(LINK)].map((found) => ({ kind: "link", start: found.index, length: found[0].length }));
}

/** Quotations and listings stand by themselves, everything else within its line. Spans may overlap as they like. */
export function blocksOf(content: string, spans: readonly Span<Entity["kind"] | "mention" | "link">[]): Block[] {
  const inline = spans.filter((span): span is Span<Look> => span.kind !== "pre" && span.kind !== "quote");
  const standing = spans
    .filter((span): span is Span<"pre" | "quote"> => span.kind === "pre" || span.kind === "quote")
    .sort((one, other) => one.start - other.start);
  const blocks: Block[] = [];
  let from = 0;
  const add = (kind: Block["kind"], start: number, end: number) => {
    if (end > start) blocks.push({ kind, segments: segmentsOf(content, start, end, inline) });
  };
  for (const { kind, start, length } of standing) {
    if (start < from) continue;
    const end = start + length;
    // The line break beside a block is the block's own edge.
    add(null, from, content[start - 1] === "\n" ? start - 1 : start);
    add(kind, start, end);
    from = content[end] === "\n" ? end + 1 : end;
  }
  add(null, from, content.length);
  return blocks;
}

function segmentsOf(content: string, start: number, end: number, spans: readonly Span<Look>[]): Segment[] {
  const within = spans.filter((span) => span.start < end && span.start + span.length > start);
  const cuts = within.flatMap((span) => [span.start, span.start + span.length]).filter((at) => at > start && at < end);
  const places = [...new Set([start, ...cuts, end])].sort((one, other) => one - other);
  return places.slice(0, -1).map((from, index) => {
    const to = places[index + 1]!;
    const looks = within.filter((span) => span.start <= from && span.start + span.length >= to).map((span) => span.kind);
    return { text: content.slice(from, to), looks: [...new Set(looks)] };
  });
}
