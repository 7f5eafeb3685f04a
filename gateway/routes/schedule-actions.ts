import type { Route } from "../route.ts";
import { findSchedule, shownEntry } from "../schedules/tenant-schedules.ts";
import { ownedBy } from "../task-entry.ts";
import type { TaskEntry } from "../task-index.ts";
import { taskLinks } from "../task-view.ts";
import { answerSchedule, viewOf } from "./schedule.ts";
import { SCHEDULE_PROBLEMS } from "./shared.ts";

/** Pauses or resumes. */
function switchRoute(verb: "pause" | "resume", summary: string, description: string): Route {
  return {
    method: "POST",
    path: `/v1/schedules/{name}:${verb}`,
    access: "schedules:write",
    operation: { operationId: `${verb}Schedule`, summary, description, tags: ["schedules"] },
    responses: { 200: { description: "The schedule as it is now.", schema: "Schedule" } },
    problems: [...SCHEDULE_PROBLEMS, "unknown-schedule"],
    async handle(exchange, gateway) {
      const { schedules } = gateway;
      const entry = await schedules.change(async () => {
        const { name } = await findSchedule(exchange, gateway);
        await schedules.ask((store) => store[verb](name));
        return findSchedule(exchange, gateway);
      });
      answerSchedule(exchange, 200, viewOf(exchange, gateway, entry));
    },
  };
}

/** No runs until it is resumed. */
export const pauseSchedule: Route = switchRoute(
  "pause",
  "Pause a schedule",
  "Beat notices within 5 seconds. Twice is fine.",
);

/** Runs again from now on. */
export const resumeSchedule: Route = switchRoute(
  "resume",
  "Resume a schedule",
  "Runs that were due meanwhile are not made up for. Twice is fine.",
);

/** Runs its task now. */
export const triggerSchedule: Route = {
  method: "POST",
  path: "/v1/schedules/{name}:trigger",
  access: "schedules:write",
  operation: {
    operationId: "triggerSchedule",
    summary: "Run a schedule's task now",
    description:
      "Be it paused or not; its next run stays as it was. Answers 202 once the broker has the task.",
    tags: ["schedules"],
  },
  responses: {
    202: {
      description: "The broker has the task.",
      schema: "ScheduleTriggered",
      headers: { Location: "Where to ask for the task." },
    },
  },
  problems: [
    ...SCHEDULE_PROBLEMS,
    "unknown-schedule",
    "bad-task-name",
    "reserved-task",
    "unroutable-queue",
    "broker-refused",
    "broker-unavailable",
  ],
  async handle(exchange, { schedules, checkTask, app, tracker, audit, history }) {
    const entry = await findSchedule(exchange, { schedules });
    const { name, task, args, kwargs, options } = entry;
    const { queue } = options;
    const shown = shownEntry(exchange.caller, entry).options.queue;
    checkTask(exchange, { name: task, queue: shown, pointer: "/task", queuePointer: "/queue" });
    if (exchange.allowance !== undefined) await exchange.allowance.take("submit", 1);
    const result = await schedules.ask((store) => store.trigger(name));
    const id = result?.id ?? "";
    const route = app.router.route(task, args, kwargs, queue === undefined ? {} : { queue });
    const accepted: TaskEntry = {
      id,
      task,
      queue: route.queue?.name ?? route.routingKey,
      state: "PENDING",
      submittedAtMs: Date.now(),
      doneAtMs: null,
      etaMs: null,
      ignoreResult: app.tasks.get(task)?.options.ignoreResult ?? app.settings.taskIgnoreResult,
      ...ownedBy(exchange.caller),
    };
    await tracker.accept(accepted);
    history?.accepted(exchange, accepted, accepted.submittedAtMs);
    if (audit !== undefined) exchange.noteSent({ id, task });
    const links = taskLinks(id, exchange.base);
    exchange.json(202, JSON.stringify({ id, task, state: "PENDING", links }), { location: links.self });
  },
};
