/** What a worker has of tasks right now, of what it answered; without their arguments, which may be secrets. */
import { formatIsoTime, isPlainObject, type PlainObject } from "../../protocol/index.ts";
import type { WorkerAnswers } from "./inspection.ts";

/** One task that a worker has. */
export interface WorkerTask {
  readonly id: string;
  readonly task: string;
  /** Only of those that run. */
  readonly started_at?: string;
  /** Only of those that wait for their time. */
  readonly eta?: string;
}

/** null is what the worker has not told. */
export interface WorkerTasks {
  readonly active_tasks: readonly WorkerTask[] | null;
  readonly reserved_tasks: readonly WorkerTask[] | null;
  readonly scheduled_tasks: readonly WorkerTask[] | null;
}

/** Tasks of a kind that are shown. */
export const MAX_WORKER_TASKS = 100;
const MAX_TEXT = 255;

/** Those for which `maySee` says yes. */
export async function workerTasks(
  answers: WorkerAnswers | undefined,
  maySee: (id: string) => Promise<boolean>,
): Promise<WorkerTasks> {
  const read = async (command: string): Promise<readonly WorkerTask[] | null> => {
    const answer = answers?.byCommand[command];
    if (!Array.isArray(answer)) return null;
    const tasks = answer.slice(0, MAX_WORKER_TASKS).flatMap((one) => toTask(one) ?? []);
    const isShown = await Promise.all(tasks.map(({ id }) => maySee(id)));
    return tasks.filter((_, at) => isShown[at]);
  };
  const [active, reserved, scheduled] = await Promise.all(["active", "reserved", "scheduled"].map(read));
  return {
    active_tasks: active ?? null,
    reserved_tasks: reserved ?? null,
    scheduled_tasks: scheduled ?? null,
  };
}

/** `scheduled` wraps each task, with its time. Source: celery/worker/control.py `scheduled` and `active` of 5.7. */
function toTask(answer: unknown): WorkerTask | undefined {
  if (!isPlainObject(answer)) return undefined;
  const { request, eta } = answer;
  const { id, name, time_start: startedAt } = isPlainObject(request) ? request : answer;
  if (typeof id !== "string") return undefined;
  return {
    id: id.slice(0, MAX_TEXT),
    task: String(name ?? "").slice(0, MAX_TEXT),
    ...timeMember("started_at", typeof startedAt === "number" ? startedAt * 1000 : Number.NaN),
    ...timeMember("eta", typeof eta === "string" ? Date.parse(eta) : Number.NaN),
  };
}

function timeMember(name: string, ms: number): PlainObject {
  return Math.abs(ms) <= 8.64e15 ? { [name]: formatIsoTime(ms) } : {};
}
