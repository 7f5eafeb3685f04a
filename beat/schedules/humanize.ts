/** Celery's humanize_seconds(). Source: celery/utils/time.py of 5.7. */
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** `2.00 hours`; `now` for less than a second. */
export function humanizeSeconds(seconds: number): string {
  const rounded = Number(twoDigits(seconds));
  const [unit, size] = UNITS.find((candidate) => rounded >= candidate[1]) ?? [];
  if (unit === undefined) return "now";
  const count = rounded / size;
  return `${twoDigits(count)} ${unit}${count === 1 ? "" : "s"}`;
}

/** Python's `format(number, ".2f")`: what is exactly in the middle goes to the even digit, where toFixed() goes up. */
function twoDigits(number: number): string {
  const hundredths = number * 100;
  const isMiddle = Number.isInteger(number * 8) && hundredths % 1 === 0.5;
  return (isMiddle ? (2 * Math.round(hundredths / 2)) / 100 : number).toFixed(2);
}
