/** A snippet in pieces, those marked that were searched for. */
export function highlighted(
  snippet: string,
  highlights: readonly { start: number; length: number }[],
): { text: string; marked: boolean }[] {
  const pieces: { text: string; marked: boolean }[] = [];
  let from = 0;
  for (const { start, length } of [...highlights].sort((one, other) => one.start - other.start)) {
    if (start < from) continue;
    pieces.push({ text: snippet.slice(from, start), marked: false }, { text: snippet.slice(start, start + length), marked: true });
    from = start + length;
  }
  pieces.push({ text: snippet.slice(from), marked: false });
  return pieces.filter(({ text }) => text !== "");
}
