/** Steps about what is stored of tasks. */
import { randomUUID } from "node:crypto";
import { isReady } from "../../../protocol/index.ts";
import type { AmqpWire } from "../../ccp/messages.ts";
import { compareResult } from "../../expect/live-result.ts";
import { resultView } from "../../expect/read-call.ts";
import { missingFrom } from "../../expect/subset.ts";
import type { Difference } from "../../values/compare.ts";
import { renamed } from "../../values/rename.ts";
import { type Tagged, type TaggedObject, textOf } from "../../values/tagged.ts";
import { idOf, type Perform, required, type Stage, withNames, wrong } from "../stage.ts";
import { requireRedis } from "./stored.ts";

export const awaitResult: Perform<"await"> = async ({ task, view, withinMs }, stage) => {
  const wanted = withNames(view, stage);
  return await compareStored(idOf(stage, task), task, wanted, withinMs ?? stage.timeoutMs, stage);
};

async function compareStored(
  id: string,
  task: string,
  view: TaggedObject,
  withinMs: number,
  { rig, note, see }: Stage,
): Promise<readonly Difference[]> {
  const document = await rig.result(id, textOf(view["state"]) ?? undefined, withinMs);
  if (document === undefined) return wrong(`no final result of ${task} is stored after ${withinMs / 1000} s`);
  note(`stored of ${task}: ${JSON.stringify(document, plain)}`);
  see(task, resultView(document));
  return compareResult(view, document);
}

/** Large integers and bytes have no form in JSON. */
function plain(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

export const absent: Perform<"absent"> = async ({ task, state }, stage) => {
  const document = await stage.rig.stored(idOf(stage, task));
  if (document === undefined || !isReady(document.status)) return [];
  if (state !== undefined && document.status !== state) return [];
  return wrong(`a result of ${task} is stored`, null, document.status);
};

export const canary: Perform<"canary"> = async (_step, stage) => {
  const id = randomUUID();
  await stage.rig.put(stage.queue, canaryWire(id, stage.canary));
  const document = await stage.rig.result(id, "SUCCESS", stage.timeoutMs);
  if (document?.status === "SUCCESS") return [];
  return wrong("a good message that came after it was not run", "SUCCESS", document?.status ?? null);
};

/** The plainest message there is, as Celery 5.7 sends `conf.echo.delay("canary")`; or the recorded one, with that id. */
export function canaryWire(id: string, recorded?: AmqpWire): AmqpWire {
  const known = recorded?.headers["id"] ?? recorded?.properties["correlation_id"];
  if (recorded !== undefined) return renamed(recorded, new Map([[String(known), id]]));
  const body = '[["canary"], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]';
  const zero: Tagged = { $int: "0" };
  return {
    properties: {
      content_type: "application/json",
      content_encoding: "utf-8",
      correlation_id: id,
      reply_to: randomUUID(),
      delivery_mode: { $int: "2" },
      priority: zero,
    },
    headers: {
      lang: "py",
      task: "conf.echo",
      id,
      shadow: null,
      eta: null,
      expires: null,
      group: null,
      group_index: null,
      retries: zero,
      timelimit: [null, null],
      root_id: id,
      parent_id: null,
      argsrepr: "('canary',)",
      kwargsrepr: "{}",
      origin: "gen1@conformance",
      ignore_result: false,
      replaced_task_nesting: zero,
      stamped_headers: null,
      stamps: {},
    },
    body_b64: Buffer.from(body).toString("base64"),
  };
}

export const store: Perform<"store"> = async ({ as, stored }, stage) => {
  requireRedis(stage.rig);
  await stage.rig.store(idOf(stage, as), renamed(stored, stage.given));
  return [];
};

export const result: Perform<"result"> = async ({ task, view, withinMs }, stage) => {
  const peer = required(stage.peer, "an adapter that reads results");
  const timeoutMs = withinMs ?? Math.max(1000, stage.timeoutMs - 1000);
  const answer = await peer.ask({ cmd: "result", id: idOf(stage, task), timeout_ms: timeoutMs });
  const { seq: _, ...fields } = answer;
  stage.note(`the adapter read: ${JSON.stringify(fields)}`);
  stage.see(task, fields as TaggedObject);
  return missingFrom(view, fields as TaggedObject, []);
};
