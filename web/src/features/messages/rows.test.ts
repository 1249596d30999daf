import { expect, test } from "vitest";
import type { Message } from "../../api/types";
import { plain, queued } from "./outbox";
import { fateOf, rowsOf } from "./rows";

const message = (seq: number, sender_id: string, created_at: string): Message => ({
  id: `m${seq}`,
  chat_id: "chat",
  sender_id,
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
  created_at,
});

test("messages of one sender within five minutes are one run", () => {
  const rows = rowsOf(
    [
      message(1, "anna", "2025-01-01T12:00:00Z"),
      message(2, "anna", "2025-01-01T12:03:00Z"),
      message(3, "anna", "2025-01-01T12:09:00Z"),
      message(4, "me", "2025-01-01T12:09:30Z"),
    ],
    [],
    "me",
  );
  expect(rows.map(({ opens, closes }) => [opens, closes])).toEqual([
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ]);
});

test("a day begins where the calendar's day changes, and breaks a run", () => {
  const rows = rowsOf(
    [message(1, "anna", "2025-01-01T12:00:00"), message(2, "anna", "2025-01-02T12:00:00")],
    [],
    "me",
  );
  expect(rows.map(({ day, opens }) => [day, opens])).toEqual([
    [true, true],
    [true, true],
  ]);
});

test("a message that waits stands last and keeps its key when it has been stored", () => {
  const entry = queued("x", "chat", plain("hello"), Date.parse("2025-01-01T12:00:10Z"));
  const waiting = rowsOf([message(1, "me", "2025-01-01T12:00:00Z")], [entry], "me");
  const stored = rowsOf([message(1, "me", "2025-01-01T12:00:00Z"), { ...message(2, "me", entry.created_at), client_id: "x" }], [], "me");
  expect(waiting.map(({ key }) => key)).toEqual(stored.map(({ key }) => key));
  expect(waiting[1]).toMatchObject({ entry, message: null, opens: false });
});

test("a row says what became of its message", () => {
  const gone = "2025-01-02T00:00:00Z";
  const fates: Partial<Message>[] = [
    {},
    { edited_at: gone },
    { deleted_at: gone, content: null },
    { deleted_at: gone, expires_at: gone, content: null },
    { hidden: true, content: null },
  ];
  const messages = fates.map((fate) => ({ ...message(1, "anna", gone), ...fate }));
  expect(messages.map(fateOf)).toEqual([null, "edited", "deleted", "expired", "deleted"]);
});
