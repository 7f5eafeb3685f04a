/** Schedules and waits in words. */
import type { ScheduleDocument } from "./documents.ts";

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [604_800, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** `every hour`, `every 90 seconds`. */
export function everyInWords(seconds: number): string {
  for (const [length, name] of UNITS) {
    if (seconds < length || seconds % length !== 0) continue;
    return seconds === length ? `every ${name}` : `every ${seconds / length} ${name}s`;
  }
  return `every ${seconds} seconds`;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** A field of a crontab as a list of words; undefined for what has no short words. */
function listInWords(field: string, nameOf: (part: string) => string | undefined): string | undefined {
  const words = field.split(",").map((part) => {
    const [from = "", to, more] = part.split("-").map(nameOf);
    if (more !== undefined || part.includes("/")) return undefined;
    return to === undefined ? from : `${from} to ${to}`;
  });
  if (words.some((word) => word === undefined || word === "")) return undefined;
  return words.length < 2 ? words[0] : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function dayName(part: string): string | undefined {
  const number = /^\d$/.test(part) ? Number(part) % 7 : -1;
  return (
    DAYS[number] ?? DAYS.find((day) => part.length > 2 && day.toLowerCase().startsWith(part.toLowerCase()))
  );
}

function monthName(part: string): string | undefined {
  const number = /^\d{1,2}$/.test(part) ? Number(part) : 0;
  return (
    MONTHS[number - 1] ??
    MONTHS.find((month) => part.length > 2 && month.toLowerCase().startsWith(part.toLowerCase()))
  );
}

function numberWord(part: string): string | undefined {
  return /^\d{1,2}$/.test(part) ? String(Number(part)) : undefined;
}

const isNumber = (field: string): boolean => /^\d{1,2}$/.test(field);
const stepOf = (field: string): number => Number(/^\*\/(\d{1,2})$/.exec(field)?.[1] ?? 0);
const twoDigits = (field: string): string => field.padStart(2, "0");

function timeInWords(minute: string, hour: string): string | undefined {
  if (minute === "*" && hour === "*") return "every minute";
  if (hour === "*" && stepOf(minute) > 0) return everyInWords(stepOf(minute) * 60);
  if (hour === "*" && isNumber(minute))
    return Number(minute) === 0 ? "every hour" : `every hour at minute ${Number(minute)}`;
  if (isNumber(minute) && stepOf(hour) > 0)
    return `${everyInWords(stepOf(hour) * 3600)} at minute ${Number(minute)}`;
  if (isNumber(minute) && /^\d{1,2}(,\d{1,2})*$/.test(hour)) {
    const times = hour.split(",").map((one) => `${twoDigits(one)}:${twoDigits(minute)}`);
    return `at ${times.length < 2 ? times[0] : `${times.slice(0, -1).join(", ")} and ${times.at(-1)}`}`;
  }
  return undefined;
}

/** `at 04:00 on Monday to Friday`, of the five fields of a crontab; undefined for one that has no short words. */
export function cronInWords(cron: string): string | undefined {
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...more] = cron.trim().split(/\s+/);
  const time = timeInWords(minute, hour);
  const days = day === "*" ? "" : listInWords(day, numberWord);
  const months = month === "*" ? "" : listInWords(month, monthName);
  const weekdays = weekday === "*" ? "" : listInWords(weekday, dayName);
  if (weekday === "" || more.length > 0) return undefined;
  if (time === undefined || days === undefined || months === undefined || weekdays === undefined)
    return undefined;
  return [
    time,
    weekdays && `on ${weekdays}`,
    days && `on day ${days} of ${months || "the month"}`,
    !days && months && `in ${months}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** When a schedule runs. */
export function scheduleInWords({ every, cron, timezone, solar, at }: ScheduleDocument): string {
  if (every !== undefined) return everyInWords(every);
  if (cron !== undefined) {
    const words = cronInWords(cron) ?? cron;
    return timezone === undefined ? words : `${words}, ${timezone}`;
  }
  if (solar !== undefined)
    return `at ${solar.event.replaceAll("_", " ")} at ${solar.latitude}°, ${solar.longitude}°`;
  return at === undefined ? "" : `once, ${new Date(at).toLocaleString()}`;
}

/** `in 1:05`, `in 3 h 12 min`, `now`: counts down to the second in the last hour. */
export function countdown(iso: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1000);
  if (seconds <= 0) return "now";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `in ${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `in ${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return days < 14 ? `in ${days} d ${hours % 24} h` : `in ${days} d`;
}

/** `45 s`, `3 min 5 s`, `2 h 5 min`, of seconds. */
export function secondsInWords(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}
