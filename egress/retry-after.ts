/** The header `Retry-After`: seconds, or a date. RFC 9110, section 10.2.3. */

/** Milliseconds to wait from `now` on, at least 0; undefined without a header that can be read. */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  // Dates of HTTP begin with the name of a day; Date.parse() reads much else.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
