import { expect, test } from "vitest";
import { acknowledged, bodyOf, due, nextDue, plain, queued, reconnected, refused, retried, sent, slowed, WINDOW } from "./outbox";
import type { Outbox } from "./outbox";

const always = () => 1;
const ids = (entries: Outbox) => entries.map(({ id }) => id);
const three = (): Outbox => ["a", "b", "c"].map((id) => queued(id, "chat", plain(id), 1000));

test("a new message is due at once, in the order of writing", () => {
  expect(ids(due(three(), 1000))).toEqual(["a", "b", "c"]);
});

test("an unacknowledged message is sent again under its id after 2, 4, 8 … 30 seconds", () => {
  let outbox: Outbox = [queued("a", "chat", plain("hello"), 0)];
  let now = 0;
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    expect(ids(due(outbox, now))).toEqual(["a"]);
    outbox = sent(outbox, "a", now, always);
    expect(due(outbox, now)).toEqual([]);
    pauses.push(nextDue(outbox)! - now);
    now = nextDue(outbox)!;
  }
  expect(pauses).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("an acknowledged message leaves, and nothing else does", () => {
  expect(ids(acknowledged(three(), "b"))).toEqual(["a", "c"]);
  expect(ids(acknowledged(three(), "unknown"))).toEqual(["a", "b", "c"]);
});

test("a refused message waits for the person and does not hold up the next", () => {
  const outbox = refused(three(), "a", "not_allowed");
  expect(ids(due(outbox, 1000))).toEqual(["b", "c"]);
  expect(nextDue([outbox[0]!])).toBeNull();
  expect(ids(due(retried(outbox, "a", 2000), 2000))).toEqual(["a", "b", "c"]);
});

test("a new connection sends everything again that was not acknowledged", () => {
  let outbox = sent(sent(three(), "a", 1000, always), "b", 1000, always);
  outbox = refused(outbox, "c", "invalid_input");
  expect(ids(due(reconnected(outbox, 1100), 1100))).toEqual(["a", "b"]);
});

test("never more unacknowledged messages than the server's window", () => {
  let outbox: Outbox = Array.from({ length: WINDOW + 8 }, (_, index) => queued(`m${index}`, "chat", plain("x"), 0));
  const first = due(outbox, 0);
  expect(first).toHaveLength(WINDOW);
  for (const entry of first) outbox = sent(outbox, entry.id, 0, always);
  expect(due(outbox, 1)).toEqual([]);
  outbox = acknowledged(outbox, "m0");
  expect(ids(due(outbox, 1))).toEqual([`m${WINDOW}`]);
});

test("a message never overtakes an unsent one of its chat, but other chats go on", () => {
  const later = { ...queued("a", "one", plain("x"), 0), due_at: 500 };
  const outbox = [later, queued("b", "one", plain("x"), 0), queued("c", "two", plain("x"), 0)];
  expect(ids(due(outbox, 0))).toEqual(["c"]);
  expect(ids(due(outbox, 500))).toEqual(["a", "b", "c"]);
});

test("when the server asks for a pause nothing leaves until it is over", () => {
  const outbox = slowed(three(), 1000, 750);
  expect(due(outbox, 1749)).toEqual([]);
  expect(ids(due(outbox, 1750))).toEqual(["a", "b", "c"]);
});

test("a forward travels as the id of what it repeats, a reply with what it answers", () => {
  expect(bodyOf({ ...plain("held here"), forward: { of: "m1", sender_name: "Anna" } })).toEqual({ forward_of: "m1" });
  expect(bodyOf({ ...plain("yes"), reply_to_id: "m2" })).toEqual({ content: "yes", reply_to_id: "m2" });
});
