/** Schedules of tenants: all lie in one place, those of a tenant under `tenant/name`. Nobody else's tenant sees them. */
import type { ScheduleEntry } from "../../beat/index.ts";
import type { PlainObject } from "../../protocol/index.ts";
import { type Caller, fromQueue } from "../access/caller.ts";
import { queueFor } from "../access/tenants.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { ScheduleRequest } from "./schedule-request.ts";

function prefixOf({ tenant }: Caller): string {
  return tenant === undefined ? "" : `${tenant}/`;
}

/** The name in the store, of one that the caller knows. */
export function storedName(caller: Caller, name: string): string {
  return prefixOf(caller) + name;
}

/** Those of the caller's tenant, or all for one without a tenant; as the caller knows them. */
export function shownEntries(caller: Caller, entries: readonly ScheduleEntry[]): readonly ScheduleEntry[] {
  const prefix = prefixOf(caller);
  return entries.filter(({ name }) => name.startsWith(prefix)).map((entry) => shownEntry(caller, entry));
}

/** With the names of the schedule and of its queue that the caller knows. */
export function shownEntry(caller: Caller, entry: ScheduleEntry): ScheduleEntry {
  const { queue } = entry.options;
  return {
    ...entry,
    name: entry.name.slice(prefixOf(caller).length),
    options: queue === undefined ? entry.options : { ...entry.options, queue: fromQueue(caller, queue) },
  };
}

/** A definition as it is stored. */
export function storedDefinition(
  caller: Caller,
  { app }: GatewayContext,
  definition: PlainObject,
  { name, task, args, kwargs, queue }: ScheduleRequest & { readonly name: string },
): PlainObject {
  const place = queueFor(caller, app, { task, args, kwargs, queue });
  const options = definition["options"];
  return {
    ...definition,
    name: storedName(caller, name),
    // The object that toDefinition made.
    options: { ...(options as PlainObject), ...(place === undefined ? {} : { queue: place }) },
  };
}

/** The schedule that the path names, as it is stored. Throws Problem `unknown-schedule`. */
export async function findSchedule(
  exchange: Exchange,
  { schedules }: Pick<GatewayContext, "schedules">,
): Promise<ScheduleEntry> {
  const name = exchange.param("name");
  const entry = await schedules.ask((store) => store.get(storedName(exchange.caller, name)));
  if (entry === undefined) throw new Problem("unknown-schedule", { members: { name } });
  return entry;
}
