import type { ScheduleEntry } from "../../beat/index.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import { requirePlainUnlessAllowed } from "../reserved-envelope.ts";
import type { ParameterSpec, Route } from "../route.ts";
import { requirePreconditions } from "../schedules/preconditions.ts";
import { refusalOf, type ScheduleRequest, toDefinition } from "../schedules/schedule-request.ts";
import { type ScheduleView, scheduleLink, toScheduleView } from "../schedules/schedule-view.ts";
import { findSchedule, shownEntry, storedDefinition, storedName } from "../schedules/tenant-schedules.ts";
import { createValidator } from "../validate.ts";
import { readNumber } from "./page.ts";
import { IF_MATCH, SCHEDULE_PROBLEMS, SUBMIT_PROBLEMS } from "./shared.ts";

const path = "/v1/schedules/{name}";
const validate = createValidator("ScheduleRequest");
const DEFAULT_DUE_TIMES = 5;
const MAX_DUE_TIMES = 100;
const ETAG = { ETag: "Changes with the schedule, not with its runs." };

const IF_NONE_MATCH_STAR: ParameterSpec = {
  name: "If-None-Match",
  in: "header",
  description: "*: only when there is no schedule of this name.",
  schema: { type: "string" },
};

/** One schedule, with its next due times. */
export const getSchedule: Route = {
  method: "GET",
  path,
  access: "schedules:read",
  operation: {
    operationId: "getSchedule",
    summary: "Read a schedule",
    tags: ["schedules"],
    parameters: [
      {
        name: "due",
        in: "query",
        description: "Due times that are shown.",
        schema: { type: "integer", minimum: 0, maximum: MAX_DUE_TIMES, default: DEFAULT_DUE_TIMES },
      },
    ],
  },
  responses: { 200: { description: "The schedule.", schema: "Schedule", headers: ETAG } },
  problems: [...SCHEDULE_PROBLEMS, "unknown-schedule", "invalid-arguments"],
  async handle(exchange, gateway) {
    const due = exchange.query.get("due");
    const dueTimes = due === null ? DEFAULT_DUE_TIMES : readNumber("due", due, 0, MAX_DUE_TIMES);
    const entry = await findSchedule(exchange, gateway);
    answerSchedule(exchange, 200, viewOf(exchange, gateway, entry, dueTimes));
  },
};

/** Makes a schedule, or replaces the one of this name. */
export const putSchedule: Route = {
  method: "PUT",
  path,
  access: "schedules:write",
  operation: {
    operationId: "putSchedule",
    summary: "Make or replace a schedule",
    description:
      "A running beat obeys it within 5 seconds. All of the schedule is replaced; its runs so far stay. What GET answers may be sent back.",
    tags: ["schedules"],
    parameters: [IF_MATCH, IF_NONE_MATCH_STAR],
  },
  requestSchema: "ScheduleRequest",
  responses: {
    200: { description: "It was replaced.", schema: "Schedule", headers: ETAG },
    201: { description: "It is new.", schema: "Schedule", headers: { ...ETAG, Location: "The schedule." } },
  },
  problems: [
    ...SUBMIT_PROBLEMS.filter((name) => !name.startsWith("broker") && name !== "result-store-unavailable"),
    ...SCHEDULE_PROBLEMS,
    "precondition-failed",
    "too-many-schedules",
  ],
  async handle(exchange, gateway) {
    const name = exchange.param("name");
    const body = await readJson(exchange, gateway);
    validate(body);
    // The schema says so.
    const request = body as ScheduleRequest;
    const { task, queue } = request;
    const { caller } = exchange;
    gateway.checkTask(exchange, {
      name: task,
      queue,
      options: optionsOf(request),
      pointer: "/task",
      queuePointer: "/queue",
    });
    requirePlainUnlessAllowed(caller, request.args, "/args");
    requirePlainUnlessAllowed(caller, request.kwargs, "/kwargs");
    const definition = storedDefinition(caller, gateway, toDefinition(name, request), { ...request, name });
    const { schedules, limits } = gateway;
    const [status, entry] = await schedules.change(async () => {
      const before = await schedules.ask((store) => store.get(storedName(caller, name)));
      requirePreconditions(exchange, before && viewOf(exchange, gateway, before).etag);
      if (before === undefined && (await schedules.ask((store) => store.list())).length >= limits.schedules)
        throw new Problem("too-many-schedules", { members: { limit: limits.schedules } });
      const put = schedules.ask((store) => store.put(definition));
      const kept = await put.catch((error: unknown) => {
        throw refusalOf(error);
      });
      return [before === undefined ? 201 : 200, kept] as const;
    });
    const location = { location: scheduleLink(name, exchange.base) };
    answerSchedule(exchange, status, viewOf(exchange, gateway, entry), status === 201 ? location : {});
  },
};

/** Removes a schedule. */
export const deleteSchedule: Route = {
  method: "DELETE",
  path,
  access: "schedules:write",
  operation: {
    operationId: "deleteSchedule",
    summary: "Remove a schedule",
    description: "One of the app's own cannot be removed, only paused.",
    tags: ["schedules"],
    parameters: [IF_MATCH],
  },
  responses: { 204: { description: "It is removed." } },
  problems: [...SCHEDULE_PROBLEMS, "unknown-schedule", "schedule-of-app", "precondition-failed"],
  async handle(exchange, gateway) {
    const { schedules } = gateway;
    await schedules.change(async () => {
      const entry = await findSchedule(exchange, gateway);
      requirePreconditions(exchange, viewOf(exchange, gateway, entry).etag);
      if (entry.origin === "app") throw new Problem("schedule-of-app");
      await schedules.ask((store) => store.remove(entry.name));
    });
    exchange.empty(204, {});
  },
};

/** What a request says of how the task is sent; the rest says when, which is what schedules are for. */
function optionsOf({ priority, expires }: ScheduleRequest): object {
  return { priority, expires };
}

/** As it is shown to this caller. */
export function viewOf(
  { base, caller }: Exchange,
  { app }: GatewayContext,
  entry: ScheduleEntry,
  dueTimes: number = DEFAULT_DUE_TIMES,
): ScheduleView {
  return toScheduleView(shownEntry(caller, entry), {
    base,
    dueTimes,
    timezone: app.settings.timezone ?? "UTC",
  });
}

export function answerSchedule(
  exchange: Exchange,
  status: number,
  { text, etag }: ScheduleView,
  headers: Readonly<Record<string, string>> = {},
): void {
  exchange.json(status, text, { etag, "cache-control": "no-store", ...headers });
}
