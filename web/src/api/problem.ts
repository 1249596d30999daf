/** An answer that was not a success, as RFC 9457 problem+json says it; or no answer at all (`code` "unreachable"). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message);
  }

  static unreachable(): Problem {
    return new Problem(0, "unreachable", "the server cannot be reached", true);
  }

  static from(status: number, body: unknown): Problem {
    const told = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
    return new Problem(
      status,
      typeof told["code"] === "string" ? told["code"] : status === 422 ? "invalid_input" : "error",
      typeof told["detail"] === "string" ? told["detail"] : `HTTP ${status}`,
      told["retryable"] === true || status >= 500,
    );
  }
}
