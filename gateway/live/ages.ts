/** Ages in listings: they grow while nothing happens, so that a change of one is news only after a while. */

const AGES = /"(age_seconds|uptime_seconds|oldest_age_s)":([\d.]+)/g;
const HEARTBEAT_AT = /"at":"[^"]*",(?="age_seconds":)/g;
const LOAD = /"load":\[([\d.,]*)\]/g;

/** From so many seconds on an age is told in steps of so many; the first line that fits. */
const STEPS: readonly (readonly [from: number, step: number])[] = [
  [3600, 600],
  [60, 60],
  [0, 10],
];

/** JSON text of a listing in which ages stand in steps, and loads to a tenth. */
export function withoutAges(text: string): string {
  return text
    .replace(HEARTBEAT_AT, "")
    .replace(AGES, (_, name: string, age: string) => `"${name}":${inSteps(Number(age))}`)
    .replace(
      LOAD,
      (_, loads: string) => `"load":[${loads.split(",").map((load) => Number(load).toFixed(1))}]`,
    );
}

function inSteps(age: number): number {
  const [, step = 1] = STEPS.find(([from]) => age >= from) ?? [];
  return Math.floor(age / step) * step;
}
