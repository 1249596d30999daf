import { expect, test } from "vitest";
import type { Message } from "../../api/types";
import { hasGap, historyAt, insert, reachesStart } from "./history";

function message(seq: number, fields: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    chat_id: "chat",
    sender_id: "anna",
    client_id: `c${seq}`,
    seq,
    content: `text ${seq}`,
    message_type: "text",
    reply_to_id: null,
    edited_at: null,
    deleted_at: null,
    expires_at: null,
    changed: null,
    forwarded: null,
    mentions: [],
    formatting: [],
    reactions: [],
    hidden: false,
    created_at: "2025-01-01T10:00:00Z",
    ...fields,
  };
}

const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => seq);

test("messages that follow one another are appended", () => {
  const history = insert(insert(historyAt(4), [message(5)]), [message(6)]);
  expect(seqs(history.messages)).toEqual([5, 6]);
  expect(history.head).toBe(6);
});

test("a message beyond a gap is held back until the missing ones are there", () => {
  const gapped = insert(insert(historyAt(0), [message(1)]), [message(4), message(3)]);
  expect(seqs(gapped.messages)).toEqual([1]);
  expect(hasGap(gapped)).toBe(true);
  expect(gapped.head).toBe(1);

  const whole = insert(gapped, [message(2)]);
  expect(seqs(whole.messages)).toEqual([1, 2, 3, 4]);
  expect(hasGap(whole)).toBe(false);
  expect(whole.head).toBe(4);
});

test("a message that is there already changes nothing", () => {
  const history = insert(historyAt(0), [message(1), message(2)]);
  expect(insert(history, [message(2)])).toEqual(history);
});

test("older pages are put before, and only a page that joins the run is shown", () => {
  const tail = insert(historyAt(10), [message(10), message(9)]);
  expect(seqs(tail.messages)).toEqual([9, 10]);
  expect(reachesStart(tail)).toBe(false);

  const older = insert(tail, [message(7), message(8)]);
  expect(seqs(older.messages)).toEqual([7, 8, 9, 10]);

  const apart = insert(older, [message(1), message(2)]);
  expect(seqs(apart.messages)).toEqual([7, 8, 9, 10]);
  expect(reachesStart(insert(older, [1, 2, 3, 4, 5, 6].map((seq) => message(seq))))).toBe(true);
});

test("any order of arrival gives the same history", () => {
  const all = Array.from({ length: 40 }, (_, index) => message(index + 1));
  for (let round = 0; round < 50; round += 1) {
    const shuffled = all.toSorted(() => Math.random() - 0.5);
    const history = shuffled.reduce((sofar, one) => insert(sofar, [one]), historyAt(0));
    expect(seqs(history.messages)).toEqual(seqs(all));
  }
});

test("an empty chat reaches its start", () => {
  expect(reachesStart(historyAt(0))).toBe(true);
  expect(reachesStart(historyAt(3))).toBe(false);
});
