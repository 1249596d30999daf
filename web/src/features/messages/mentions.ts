/** Calling members by name: what is typed after an @, and who is meant in a text. */

import type { Member } from "../../api/types";

type Named = Pick<Member, "user_id" | "full_name" | "cyphr_id">;

/** What one types to mention somebody: their @cyphr_id, or their name after an @. */
export const handleOf = (member: Named): string => member.cyphr_id ?? `@${member.full_name}`;

/** The beginning of a mention that the caret stands behind, and where it starts; null when there is none. */
export function mentionAt(text: string, caret: number): { from: number; query: string } | null {
  const found = /(?:^|[\s(])@([^\s@]{0,40})$/u.exec(text.slice(0, caret));
  return found === null ? null : { from: caret - found[1]!.length - 1, query: found[1]! };
}

/** Members whose id or whose names begin with what was typed. */
export function membersLike<M extends Named>(members: readonly M[], query: string): M[] {
  const wanted = query.toLocaleLowerCase();
  const begins = (text: string) => text.toLocaleLowerCase().startsWith(wanted);
  return members.filter(
    ({ full_name, cyphr_id }) => begins((cyphr_id ?? "").slice(1)) || full_name.split(/\s+/).some(begins) || begins(full_name),
  );
}

/** The text with the mention completed, and where the caret goes. */
export function complete(text: string, from: number, caret: number, member: Named): { text: string; caret: number } {
  const head = `${text.slice(0, from)}${handleOf(member)} `;
  return { text: head + text.slice(caret).replace(/^ /, ""), caret: head.length };
}

/** Who is called by name in a text. */
export function mentionedIn(content: string, members: readonly Named[]): string[] {
  return members.filter((member) => placesOf(content, handleOf(member)).length > 0).map((member) => member.user_id);
}

/** Where a handle stands as a word of its own. */
export function placesOf(content: string, handle: string): number[] {
  const places: number[] = [];
  const text = content.toLowerCase();
  const wanted = handle.toLowerCase();
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text.slice(at + wanted.length);
    if (/[\s(]/.test(before) && !/^[\p{L}\p{N}_-]|^\.[\p{L}\p{N}]/u.test(after)) places.push(at);
  }
  return places;
}
