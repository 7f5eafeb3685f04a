import type { Exchange } from "../exchange.ts";
import type { StatsQuery } from "../history/stats/read-stats.ts";
import { Problem } from "../problems.ts";
import type { ParameterSpec, Route } from "../route.ts";
import { parseDuration } from "../times.ts";
import { requireHistory } from "./task-history.ts";

const MINUTE_SECONDS = 60;
const DEFAULT_WINDOW_SECONDS = 3600;
const MAX_POINTS = 1500;

const PARAMETERS: readonly ParameterSpec[] = [
  {
    name: "window",
    in: "query",
    description:
      "How far back, as an ISO 8601 duration; as long as the history is kept at most. Default PT1H.",
    schema: { type: "string", maxLength: 40, examples: ["PT1H", "P1D"] },
  },
  {
    name: "step",
    in: "query",
    description: `Length of a point in whole minutes, as an ISO 8601 duration; at most ${MAX_POINTS} points. Default PT1M.`,
    schema: { type: "string", maxLength: 40, examples: ["PT1M", "PT1H"] },
  },
  {
    name: "task",
    in: "query",
    description: "Only tasks of this name.",
    schema: { type: "string", maxLength: 255 },
  },
];

/** How tasks fare. */
export const stats: Route = {
  method: "GET",
  path: "/v1/stats",
  access: "metrics",
  operation: {
    operationId: "getStats",
    summary: "Read how tasks fare",
    description:
      "How many were accepted, started and ended, how long they waited and ran, over all gateways that share a store. Percentiles come from histograms, and are right to within 20 %. The last point is not over yet.",
    tags: ["operation"],
    parameters: PARAMETERS,
  },
  responses: { 200: { description: "Points in time, and the busiest tasks.", schema: "Stats" } },
  problems: ["invalid-arguments", "history-disabled", "state-unavailable"],
  async handle(exchange, gateway) {
    const history = requireHistory(gateway);
    const body = await history.stats(readQuery(exchange, history.settings.keepMs));
    exchange.json(200, JSON.stringify(body), { "cache-control": "no-store" });
  },
};

/** Throws Problem `invalid-arguments`. */
function readQuery({ query }: Exchange, keepMs: number): StatsQuery {
  const step = readSeconds(query, "step", MINUTE_SECONDS);
  const window = readSeconds(query, "window", DEFAULT_WINDOW_SECONDS);
  if (step < MINUTE_SECONDS || step % MINUTE_SECONDS !== 0) throw refusal("step", "must be whole minutes");
  if (window < step || window > keepMs / 1000)
    throw refusal("window", `must be from the step to ${keepMs / 1000} seconds (history.seconds)`);
  const points = Math.ceil(window / step);
  if (points > MAX_POINTS)
    throw refusal("step", `is too short for the window: there are at most ${MAX_POINTS} points`);
  const task = query.get("task") ?? undefined;
  return statsQuery({ points, stepMs: step * 1000, task });
}

/** The newest points, the one that is not over included. */
export function statsQuery(query: Omit<StatsQuery, "fromMs">): StatsQuery {
  const { points, stepMs } = query;
  return { ...query, fromMs: (Math.floor(Date.now() / stepMs) - points + 1) * stepMs };
}

function readSeconds(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const seconds = parseDuration(text);
  if (seconds === undefined) throw refusal(name, "must be an ISO 8601 duration such as PT5M");
  return seconds;
}

function refusal(name: string, rule: string): Problem {
  return new Problem("invalid-arguments", { detail: `The parameter ${name} ${rule}.` });
}
