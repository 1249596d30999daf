import { useTranslation } from "react-i18next";
import { findPerson } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Person } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { TextField } from "../../ui/TextField/TextField";

/** Where somebody's @cyphr_id is written; says what is wrong with it. */
export function IdField({ id, onId, error }: { id: string; onId: (to: string) => void; error: Error | null }) {
  const { t } = useTranslation();
  return (
    <TextField
      label={t("newChat.find")}
      placeholder={t("newChat.placeholder")}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      required
      value={id}
      onChange={(event) => onId(event.target.value)}
      error={
        error === null
          ? null
          : error instanceof IsMe
            ? t("newChat.self")
            : error instanceof Problem && error.status === 404
              ? t("newChat.notFound", { id: withAt(id) })
              : problemText(t, error)
      }
    />
  );
}

class IsMe extends Error {}

const withAt = (id: string): string => `@${id.trim().replace(/^@/, "")}`;

export async function lookUp(id: string, me: string): Promise<Person> {
  const person = await findPerson(withAt(id));
  if (person.id === me) throw new IsMe();
  return person;
}
