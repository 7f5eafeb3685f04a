/** A schedule as a form has it: every member a text. */

import type { ScheduleDocument } from "../../lib/documents.ts";
import { memberText } from "../../lib/json-text.ts";
import { fullTime } from "../../lib/time.ts";

export type Way = "every" | "cron" | "at" | "solar";

export const WAYS: readonly (readonly [Way, string])[] = [
  ["every", "Every so often"],
  ["cron", "By a crontab"],
  ["at", "Once"],
  ["solar", "By the sun"],
];

/** The form's fields. */
export interface Definition {
  readonly name: string;
  readonly task: string;
  readonly way: Way;
  readonly every: string;
  readonly cron: string;
  readonly timezone: string;
  readonly at: string;
  readonly event: string;
  readonly latitude: string;
  readonly longitude: string;
  /** JSON text, as typed. */
  readonly args: string;
  readonly kwargs: string;
  readonly queue: string;
  readonly priority: string;
  readonly expires: string;
  readonly catch_up: string;
  readonly start_at: string;
  readonly expires_at: string;
  readonly description: string;
}

export const NEW: Definition = {
  name: "",
  task: "",
  way: "every",
  every: "60",
  cron: "0 4 * * *",
  timezone: "",
  at: "",
  event: "sunrise",
  latitude: "",
  longitude: "",
  args: "[]",
  kwargs: "{}",
  queue: "",
  priority: "",
  expires: "",
  catch_up: "one",
  start_at: "",
  expires_at: "",
  description: "",
};

/** From the text of `GET /v1/schedules/{name}`; numbers in arguments stay as they were written. */
export function toDefinition(text: string): Definition {
  const { every, cron, timezone, at, solar, ...rest } = JSON.parse(text) as ScheduleDocument;
  return {
    ...NEW,
    name: rest.name,
    task: rest.task,
    way: cron !== undefined ? "cron" : at !== undefined ? "at" : solar !== undefined ? "solar" : "every",
    every: String(every ?? NEW.every),
    cron: cron ?? NEW.cron,
    timezone: timezone ?? "",
    at: at ?? "",
    event: solar?.event ?? NEW.event,
    latitude: String(solar?.latitude ?? ""),
    longitude: String(solar?.longitude ?? ""),
    args: memberText(text, "args") ?? "[]",
    kwargs: memberText(text, "kwargs") ?? "{}",
    queue: rest.queue ?? "",
    priority: String(rest.priority ?? ""),
    expires: String(rest.expires ?? ""),
    catch_up: rest.catch_up,
    start_at: rest.start_at ?? "",
    expires_at: rest.expires_at ?? "",
    description: rest.description,
  };
}

/** A number as JSON, or the text: the gateway says what is wrong with it. */
function numberOrText(text: string): string {
  return /^-?\d+(\.\d+)?$/.test(text) ? text : JSON.stringify(text);
}

/** The body of the PUT, as JSON text. What was paused stays so, and `before` says so. */
export function toBody(
  form: Definition,
  before?: Pick<ScheduleDocument, "enabled" | "one_off" | "relative">,
): string {
  const members: [string, string][] = [["task", JSON.stringify(form.task.trim())]];
  const addText = (name: string, text: string): void => {
    if (text.trim() !== "") members.push([name, JSON.stringify(text.trim())]);
  };
  const addNumber = (name: string, text: string): void => {
    if (text.trim() !== "") members.push([name, numberOrText(text.trim())]);
  };
  members.push(["args", form.args.trim() || "[]"], ["kwargs", form.kwargs.trim() || "{}"]);
  if (form.way === "every") {
    members.push(["every", numberOrText(form.every.trim())]);
    if (before?.relative) members.push(["relative", "true"]);
  } else if (form.way === "cron") {
    members.push(["cron", JSON.stringify(form.cron.trim())]);
    addText("timezone", form.timezone);
  } else if (form.way === "at") {
    members.push(["at", JSON.stringify(withZone(form.at.trim()))]);
  } else {
    const place = [
      `"latitude":${numberOrText(form.latitude.trim())}`,
      `"longitude":${numberOrText(form.longitude.trim())}`,
    ];
    members.push(["solar", `{"event":${JSON.stringify(form.event.trim())},${place.join(",")}}`]);
  }
  addText("queue", form.queue);
  addNumber("priority", form.priority);
  addNumber("expires", form.expires);
  members.push(["catch_up", JSON.stringify(form.catch_up)]);
  addText("start_at", withZone(form.start_at.trim()));
  addText("expires_at", withZone(form.expires_at.trim()));
  addText("description", form.description);
  if (before !== undefined)
    members.push(["enabled", String(before.enabled)], ["one_off", String(before.one_off)]);
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** The reader's own clock counts for a time without a zone. */
export function withZone(text: string): string {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return text;
  return new Date(text.replace(" ", "T")).toISOString();
}

/** When that is, for the reader; undefined for what is no time. */
export function timeInWords(text: string): string | undefined {
  const zoned = withZone(text.trim());
  return Number.isNaN(Date.parse(zoned)) ? undefined : fullTime(zoned);
}
