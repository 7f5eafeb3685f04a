/** Times for people. */

/** `12 s ago`. */
export function ago(iso, nowMs = Date.now()) {
  const seconds = Math.max(0, (nowMs - Date.parse(iso)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(iso).toLocaleDateString();
}

/** `1.25 s`, between two ISO times. */
export function span(fromIso, toIso) {
  const ms = Math.max(0, Date.parse(toIso) - Date.parse(fromIso));
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The time of day with milliseconds. */
export function clock(iso) {
  const date = new Date(iso);
  return `${date.toLocaleTimeString([], { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** A time element that says how long ago it was, kept up to date by {@link refreshAges}. */
export function makeAge(element, iso) {
  element.dateTime = iso;
  element.title = new Date(iso).toLocaleString();
  element.textContent = ago(iso);
  element.classList.add("age");
  return element;
}

/** Brings all ages on the page up to date. */
export function refreshAges() {
  const nowMs = Date.now();
  for (const element of document.querySelectorAll("time.age"))
    element.textContent = ago(element.dateTime, nowMs);
}
