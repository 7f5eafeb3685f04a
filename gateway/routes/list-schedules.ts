import type { GatewayContext } from "../context.ts";
import type { Route } from "../route.ts";
import { scheduleMembers } from "../schedules/schedule-view.ts";
import { shownEntries } from "../schedules/tenant-schedules.ts";
import { writeJson } from "../task-view.ts";
import { type Asked, answerPage, nextLink, type Page, pageParameters, readLimit } from "./page.ts";
import { SCHEDULE_PROBLEMS } from "./shared.ts";

/** All schedules, by name. */
export const listSchedules: Route = {
  method: "GET",
  path: "/v1/schedules",
  access: "schedules:read",
  operation: {
    operationId: "listSchedules",
    summary: "List schedules",
    description:
      "By name, each with its next due time: those that were put here or elsewhere, and the app's own.",
    tags: ["schedules"],
    parameters: pageParameters("Schedules"),
  },
  responses: {
    200: {
      description: "A page of schedules.",
      schema: "ScheduleList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: [...SCHEDULE_PROBLEMS, "invalid-arguments"],
  async handle(exchange, gateway) {
    answerPage(exchange, await schedulePage(exchange, gateway));
  },
};

export async function schedulePage(
  { query, base, caller }: Asked,
  { schedules, app }: Pick<GatewayContext, "schedules" | "app">,
): Promise<Page> {
  const limit = readLimit(query);
  const after = query.get("cursor");
  const all = shownEntries(caller, await schedules.ask((store) => store.list()));
  const rest = after === null ? all : all.filter(({ name }) => name > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const next =
    rest.length > limit && last !== undefined
      ? nextLink(`${base}/v1/schedules`, query, last.name)
      : undefined;
  const options = { base, dueTimes: 1, timezone: app.settings.timezone ?? "UTC" };
  const body = { schedules: page.map((entry) => scheduleMembers(entry, options)), ...(next && { next }) };
  return { text: writeJson(body), next };
}
