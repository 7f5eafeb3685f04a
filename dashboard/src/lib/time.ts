/** Times for people. All of the gateway's times are ISO 8601 with an offset. */

/** Made once: making one takes longer than a row of a table. */
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

/** `12 s ago`; `in 3 min` for what is to come. */
export function ago(iso: string, nowMs: number = Date.now()): string {
  const ms = nowMs - Date.parse(iso);
  if (Math.abs(ms) < 5000) return "just now";
  const text = coarse(Math.abs(ms));
  if (text === undefined) return new Date(iso).toLocaleDateString();
  return ms > 0 ? `${text} ago` : `in ${text}`;
}

function coarse(ms: number): string | undefined {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return seconds < 7 * 86_400 ? `${Math.floor(seconds / 86_400)} d` : undefined;
}

/** `1.25 s`, of milliseconds. */
export function duration(ms: number): string {
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** {@link duration} between two times. */
export function span(fromIso: string, toIso: string): string {
  return duration(Date.parse(toIso) - Date.parse(fromIso));
}

/** The time of day with milliseconds, and the date before it unless it is today's. */
export function clock(iso: string): string {
  const date = new Date(iso);
  const time = `${date.toLocaleTimeString([], { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}

/** Date and time, as the reader's country writes them. */
export function fullTime(iso: string): string {
  return FULL.format(new Date(iso));
}
