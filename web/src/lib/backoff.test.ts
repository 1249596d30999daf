import { expect, test } from "vitest";
import { backoff } from "./backoff";

test("waits double until the longest", () => {
  const waits = [0, 1, 2, 3, 10, 1000].map((attempt) => backoff(attempt, 500, 15_000, () => 1));
  expect(waits).toEqual([500, 1000, 2000, 4000, 15_000, 15_000]);
});

test("chance spreads a wait over its upper half, never below", () => {
  expect(backoff(2, 500, 15_000, () => 0)).toBe(1000);
  expect(backoff(2, 500, 15_000, () => 0.5)).toBe(1500);
});
