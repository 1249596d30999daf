/** The interface in English and Russian. Keys are checked by TypeScript against the English dictionary. */

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";
import ru from "./ru.json";

export const LANGUAGES = { en: "English", ru: "Русский" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "cyphr.language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

function preferred(): Language {
  const chosen = localStorage.getItem(KEY);
  const wanted = chosen === null ? navigator.languages : [chosen];
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return (known ?? "en") as Language;
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  void i18next.changeLanguage(language);
}

i18next.on("languageChanged", (language) => (document.documentElement.lang = language));

await i18next.use(initReactI18next).init({
  lng: preferred(),
  fallbackLng: "en",
  resources: { en: { translation: en }, ru: { translation: ru } },
  interpolation: { escapeValue: false },
});
