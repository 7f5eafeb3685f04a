/** Steps about commands to workers, and events. */

import type { ClusterEvent } from "../../../app/index.ts";
import type { PlainObject } from "../../../protocol/index.ts";
import { missingFrom } from "../../expect/subset.ts";
import type { Difference } from "../../values/compare.ts";
import { tag } from "../../values/tag.ts";
import { untag } from "../../values/untag.ts";
import { idOf, type Perform, type Stage, withNames, wrong } from "../stage.ts";

export const control: Perform<"control"> = async ({ method, arguments: given = {}, view }, stage) => {
  const named = withNames(given, stage);
  const replies = await stage.rig.control(method, untag(named) as PlainObject, view !== undefined);
  if (view === undefined) return [];
  stage.note(`answers to ${method}: ${JSON.stringify(replies)}`);
  const answers = Object.values(replies);
  if (answers.length === 0) return wrong(`no worker answered "${method}"`);
  const compared = answers.map((answer) => missingFrom(withNames(view, stage), tag(answer), ["answer"]));
  return compared.find((differences) => differences.length === 0) ?? compared[0] ?? [];
};

export const event: Perform<"event"> = async ({ type, task, view = {}, times }, stage) => {
  const fits = fitting(type, task, stage);
  const wanted = withNames(view, stage);
  const differences = (found: ClusterEvent) => missingFrom(wanted, tag(found), ["event"]);
  const right = await stage.rig.event((one) => fits(one) && differences(one).length === 0, stage.timeoutMs);
  if (right !== undefined) return times === undefined ? [] : counted(times, stage.rig.countEvents(fits));
  const other = await stage.rig.event(fits, 0);
  if (other === undefined)
    return wrong(`no event ${type}${task === undefined ? "" : ` of ${task}`} was sent`);
  stage.note(`an event: ${JSON.stringify(other)}`);
  return differences(other);
};

function counted(expected: number, actual: number): readonly Difference[] {
  if (expected === actual) return [];
  return wrong("as many such events were not sent", { $int: String(expected) }, { $int: String(actual) });
}

export const noEvent: Perform<"no-event"> = async ({ type, task }, stage) => {
  const found = await stage.rig.event(fitting(type, task, stage), 0);
  return found === undefined ? [] : wrong(`an event ${type} was sent`);
};

function fitting(type: string, task: string | undefined, stage: Stage): (event: ClusterEvent) => boolean {
  const id = task === undefined ? undefined : idOf(stage, task);
  return (one) => one.type === type && (id === undefined || one["uuid"] === id);
}
