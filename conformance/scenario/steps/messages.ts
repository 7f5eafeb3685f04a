/** Steps about messages in the queue. */
import { type Command, withTaskId } from "../../ccp/messages.ts";
import { compareEnvelope } from "../../expect/envelope.ts";
import { judgeMessage } from "../../expect/judge.ts";
import { toWire } from "../../rig/to-wire.ts";
import type { Asked } from "../../suite/scenario.ts";
import { renamed } from "../../values/rename.ts";
import { type TaggedObject, textOf } from "../../values/tagged.ts";
import { idOf, type Perform, required, type Stage, withNames, wrong } from "../stage.ts";

/** How often the length of a queue is asked, in milliseconds. */
const POLL_MS = 25;

export const put: Perform<"put"> = async ({ as, call, changed, wires, chords = {} }, stage) => {
  const id = idOf(stage, as);
  if (stage.oracle !== undefined && call !== undefined && changed !== true) {
    await stage.oracle.publish(stage.queue, call, id);
    return [];
  }
  for (const [groupId, size] of Object.entries(chords)) await stage.rig.noteChord(groupId, size);
  for (const wire of wires) await stage.rig.put(stage.queue, wire);
  return [];
};

export const publish: Perform<"publish"> = async ({ as, ...asked }, stage) => {
  const peer = required(stage.peer, "an adapter that publishes");
  const wanted = idOf(stage, as);
  const { id } = await peer.ask(withNames(commandOf(asked, wanted), stage));
  // Not every client lets its caller choose.
  if (id !== wanted) stage.given.set(wanted, String(id));
  stage.ids.set(as, String(id));
  return [];
};

/** A call gets its id from the runner, so that what it comes to can be told from other runs. */
function commandOf({ call, canvas }: Asked, taskId: string): Command {
  if (call === undefined) return { cmd: "publish", canvas: canvas ?? {} };
  return { cmd: "publish", call: withTaskId(call, taskId) };
}

export const take: Perform<"take"> = async (step, stage) => {
  const sentAtMs = Date.now();
  const name = withNames(step.queue ?? "$queue", stage);
  const delivery = await stage.rig.take(name, stage.timeoutMs);
  if (name !== stage.queue) await stage.rig.deleteQueue(name);
  if (delivery === undefined) return wrong("no message came into the queue");
  const { message, malformed, rawBytes } = delivery;
  if (message === undefined)
    return wrong(`the message cannot be read: ${malformed?.message ?? "it is empty"}`);
  const wire = toWire(message);
  stage.note(`the message: ${JSON.stringify(wire)}`);
  const expected = renamed(step, stage.given);
  const differences = [
    ...(stage.rig.servers.kind === "amqp" ? [] : compareEnvelope(rawBytes)),
    ...(await judgeMessage(expected, wire, {
      sentAtMs: sentAtMs - stage.timeoutMs,
      answeredAtMs: Date.now(),
    })),
  ];
  const id = textOf(expected.view["id"]);
  if (stage.oracle === undefined || id === null || !runsAtOnce(expected.view)) return differences;
  return [...differences, ...(await stage.oracle.run(id, wire))];
};

/** Whether a result is stored as soon as a worker gets the message. */
function runsAtOnce({ eta = null, expires = null, ignore_result = null }: TaggedObject): boolean {
  return eta === null && expires === null && ignore_result !== true;
}

export const queue: Perform<"queue"> = async ({ ready }, stage) => {
  const isIt = await until(stage, async () => (await stage.rig.ready(stage.queue)) === ready);
  const actual = await stage.rig.ready(stage.queue);
  return isIt ? [] : wrong("messages wait in the queue", { $int: String(ready) }, { $int: String(actual) });
};

export const dead: Perform<"dead"> = async ({ task }, stage) => {
  const isThere = await stage.rig.isDead(stage.queue, idOf(stage, task), stage.timeoutMs);
  return isThere ? [] : wrong(`the message of ${task} is not among the dead letters`);
};

async function until(stage: Stage, isIt: () => Promise<boolean>): Promise<boolean> {
  const endMs = Date.now() + stage.timeoutMs;
  while (!(await isIt())) {
    if (Date.now() >= endMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
