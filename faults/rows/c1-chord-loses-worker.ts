import { chord } from "../../canvas/index.ts";
import { signature, WaitTimeoutError } from "../../protocol/index.ts";
import type { GuardedProcess } from "../../test/helpers/services-process.ts";
import type { Fault } from "../lib/fault.ts";
import { CONCURRENCY, HELD, type Scene } from "../lib/scene.ts";

const MEMBERS = 1000;
/** Tasks of a load for each chord: 50 chords by default. */
const TASKS_PER_CHORD = 8;
/** How long a member takes. */
const SECONDS = 0.002;
/** A chord without an end by then hangs. */
const LIMIT_MS = 120_000;

/** One chord after another; of its two workers one is killed at a random moment and replaced. */
export const chordLosesWorker: Fault = {
  name: "C1",
  what: `kill -9 of one of two workers at a random moment of a chord of ${MEMBERS}, chord after chord`,
  brokers: ["redis", "rabbitmq"],
  async run(scene) {
    const chords = Math.ceil(scene.options.tasks / TASKS_PER_CHORD);
    const fleet = await Promise.all([scene.startWorker(), scene.startWorker()]);
    const ends: End[] = [];
    for (let number = 0; number < chords; number += 1) ends.push(await runChord(scene, fleet, number));
    const count = (end: End): number => ends.filter((other) => other === end).length;
    await scene.settled();
    return {
      broken: { times: chords, what: "kill -9 during a chord" },
      // Members are short: all that the dead worker held may have run, its acknowledgement being on the way.
      duplicates: chords * HELD,
      checks: [
        { what: "chords that hang", value: count("hangs"), limit: 0 },
        { what: "chords with a wrong result", value: count("wrong"), limit: 0 },
      ],
      remark: `${count("complete")} chords were completed, ${count("failed")} failed with a reason.`,
    };
  },
};

type End = "complete" | "failed" | "wrong" | "hangs";

async function runChord(scene: Scene, fleet: GuardedProcess[], number: number): Promise<End> {
  const { ledger, app, random } = scene;
  const bodyId = `body-${number}`;
  const ids = Array.from({ length: MEMBERS }, (_, at) => `member-${number}-${at}`);
  const members = ids.map((id) => signature("fault.work", [ledger.file, SECONDS], {}, { task_id: id }));
  const body = signature("fault.join", [ledger.file], {}, { task_id: bodyId });
  await app.apply(chord(members, body));
  for (const id of [...ids, bodyId]) ledger.accepted.add(id);
  const end = endOf(scene, bodyId);
  await scene.pause(random.below(Math.ceil((1000 * MEMBERS * SECONDS) / CONCURRENCY)));
  await fleet.shift()?.kill();
  fleet.push(await scene.startWorker());
  return end;
}

async function endOf({ app }: Scene, bodyId: string): Promise<End> {
  try {
    const joined = await app.result<number>(bodyId).get({ timeoutMs: LIMIT_MS });
    return joined === MEMBERS ? "complete" : "wrong";
  } catch (error) {
    return error instanceof WaitTimeoutError ? "hangs" : "failed";
  }
}
