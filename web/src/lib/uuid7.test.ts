import { expect, test } from "vitest";
import { uuid7 } from "./uuid7";

test("is a version 7 UUID that begins with its milliseconds", () => {
  expect(uuid7(0x0123456789ab)).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("later ids sort after earlier ones, and no two are equal", () => {
  const ids = Array.from({ length: 200 }, (_, millisecond) => uuid7(1_700_000_000_000 + millisecond));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 1000 }, () => uuid7(1))).size).toBe(1000);
});
