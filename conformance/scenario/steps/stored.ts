/** Steps about how a store in Redis keeps results and tells them: other stores have neither channels nor times of life. */
import { compareView } from "../../expect/live-result.ts";
import type { Rig } from "../../rig/rig.ts";
import type { TaggedObject } from "../../values/tagged.ts";
import { Unanswered } from "../peer.ts";
import { idOf, type Perform, withNames, wrong } from "../stage.ts";

export const told: Perform<"told"> = async ({ task, view }, stage) => {
  requireRedis(stage.rig);
  const wanted = withNames(view, stage);
  const fits = (document: TaggedObject): boolean => compareView(wanted, document).length === 0;
  const documents = await stage.rig.told(idOf(stage, task), fits, stage.timeoutMs);
  stage.note(`told of ${task}: ${JSON.stringify(documents)}`);
  if (documents.some(fits)) return [];
  const nearest = documents.find(({ state }) => state === wanted["state"]) ?? documents.at(-1);
  if (nearest !== undefined) return compareView(wanted, nearest);
  return wrong(`nothing was published on the channel of ${task}`);
};

export const expires: Perform<"expires"> = async ({ task, seconds }, stage) => {
  requireRedis(stage.rig);
  const left = await stage.rig.secondsToLive(idOf(stage, task));
  if (left !== undefined && left <= seconds) return [];
  const actual = left === undefined ? null : { $int: String(left) };
  return wrong(`seconds until the result of ${task} goes by itself`, { $int: String(seconds) }, actual);
};

/** Throws Unanswered for a store that the runner cannot look into, or write to, past its own client. */
export function requireRedis({ servers }: Rig): void {
  if (servers.backendUrl.startsWith("redis")) return;
  throw new Unanswered("skip", "the result store is not in Redis");
}
