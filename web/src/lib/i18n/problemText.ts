import type { TFunction } from "i18next";
import { Problem } from "../../api/problem";

/** What went wrong, for a person. `not_authenticated` can be told by its place. */
export function problemText(t: TFunction, error: unknown): string {
  if (!(error instanceof Problem)) return t("problem.other", { detail: String(error) });
  switch (error.code) {
    case "unreachable":
    case "not_authenticated":
    case "rate_limited":
    case "conflict":
    case "not_allowed":
    case "not_found":
      return t(`problem.${error.code}`);
    case "invalid_input":
      return t("problem.invalid_input", { detail: error.message });
    default:
      return t("problem.other", { detail: error.message });
  }
}
