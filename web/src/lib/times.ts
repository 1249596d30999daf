/** Times as people read them, in the language of the interface and the zone of the device. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions, at: Date): string {
  const key = `${language} ${JSON.stringify(options)}`;
  let formatter = formats.get(key);
  if (formatter === undefined) formats.set(key, (formatter = new Intl.DateTimeFormat(language, options)));
  return formatter.format(at);
}

export const clockTime = (language: string, at: string): string =>
  format(language, { hour: "numeric", minute: "2-digit" }, new Date(at));

/** Days between two moments as the calendar counts them: 0 for the same day, 1 for yesterday. */
export function daysBetween(earlier: Date, later: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / 86_400_000);
}

/** For a list: the time of today, the weekday of this week, else the date. */
export function listTime(language: string, at: string, now: Date = new Date()): string {
  const then = new Date(at);
  const days = daysBetween(then, now);
  if (days <= 0) return clockTime(language, at);
  if (days < 7) return format(language, { weekday: "short" }, then);
  return format(language, { day: "numeric", month: "short" }, then);
}

/** For a divider between days: today, yesterday, or the date (with its year when it is not this one). */
export function dayName(language: string, at: string, now: Date = new Date()): string {
  const then = new Date(at);
  const days = daysBetween(then, now);
  if (days === 0 || days === 1) {
    return capitalised(language, new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day"));
  }
  const year = then.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return capitalised(language, format(language, { weekday: "long", day: "numeric", month: "long", ...year }, then));
}

function capitalised(language: string, text: string): string {
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}
