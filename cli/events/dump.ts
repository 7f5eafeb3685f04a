/** Events as lines of text, one for each, as `celery events --dump` writes them. Source: celery/events/dumper.py of 5.7. */
import type { ClusterEvent } from "../../app/index.ts";
import { pythonRepr } from "../../protocol/index.ts";
import { plainText } from "../plain-text.ts";

/** Tasks whose names are remembered for their later events. */
const MAX_TASKS = 4095;
const WORDS: ReadonlyMap<string, string> = new Map([
  ["worker-offline", "shutdown"],
  ["worker-online", "started"],
  ["worker-heartbeat", "heartbeat"],
]);

/** Makes a line of an event, without its end; the events of a task name it once its first one has been seen. */
export function createDumper(): (event: ClusterEvent) => string {
  const tasks = new Map<unknown, string>();

  const describeTask = (type: string, facts: Record<string, unknown>): string => {
    const { uuid, name, args, kwargs } = facts;
    delete facts["uuid"];
    if (type !== "task-received" && type !== "task-sent") return tasks.get(uuid) ?? "";
    for (const shown of ["name", "args", "kwargs"]) delete facts[shown];
    const task = `${pythonText(name)}(${pythonText(uuid)}) args=${pythonText(args)} kwargs=${pythonText(kwargs)}`;
    const [oldest] = tasks.keys();
    if (tasks.size >= MAX_TASKS && oldest !== undefined) tasks.delete(oldest);
    tasks.set(uuid, task);
    return task;
  };

  return (event) => {
    const { type: given, hostname, timestamp, ...facts } = event;
    const type = given.toLowerCase();
    const rest: Record<string, unknown> = facts;
    const task = type.startsWith("task-") ? `${describeTask(type, rest)} ` : "";
    const fields = Object.keys(rest)
      .sort()
      .map((name) => `${name}=${pythonText(rest[name])}`)
      .join(", ");
    const what = WORDS.get(type) ?? type.replaceAll("-", " ");
    return plainText(
      `${hostname} [${pythonTime(timestamp)}] ${what}${fields === "" ? "" : ":"} ${task}${fields}`,
    );
  };
}

/** Python's str(). */
function pythonText(value: unknown): string {
  return typeof value === "string" ? value : pythonRepr(value ?? null);
}

/** Python's str() of a datetime in UTC, to the microsecond as far as the number goes. */
function pythonTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const micros = Math.min(999_999, Math.round((seconds - whole) * 1e6));
  const date = new Date(whole * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`;
  return `${date.toISOString().slice(0, 19).replace("T", " ")}${fraction}+00:00`;
}
