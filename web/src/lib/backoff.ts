/**
 * Milliseconds to wait before attempt number `attempt` (0 is the first repeat): doubling, capped, and spread at random over
 * its upper half, so that a crowd that lost its server together does not come back together.
 */
export function backoff(attempt: number, first: number, longest: number, random: () => number = Math.random): number {
  const ceiling = Math.min(longest, first * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + 0.5 * random());
}
