import { expect, test } from "vitest";
import en from "./en.json";
import ru from "./ru.json";

/** Keys without the plural endings, in which the languages differ. */
function keys(dictionary: object, path = ""): string[] {
  const found = Object.entries(dictionary).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null ? keys(value, `${path}${key}.`) : `${path}${key}`,
  );
  return [...new Set(found.map((key) => key.replace(/_(one|few|many|other)$/, "")))].sort();
}

function values(dictionary: object): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (part: object, path: string): void => {
    for (const [key, value] of Object.entries(part) as [string, unknown][]) {
      if (typeof value === "object" && value !== null) walk(value, `${path}${key}.`);
      else found.set(`${path}${key}`, String(value));
    }
  };
  walk(dictionary, "");
  return found;
}

test("Russian says everything that English says, and nothing else", () => {
  expect(keys(ru)).toEqual(keys(en));
});

test("both name the same placeholders", () => {
  const holes = (text: string) => [...text.matchAll(/\{\{\w+\}\}|<\w+>/g)].map(String).sort();
  const russian = values(ru);
  for (const [key, text] of values(en)) expect([key, holes(russian.get(key)!)]).toEqual([key, holes(text)]);
});
