/** How much faster several processes are than one: drains a queue of computing tasks twice. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Sample } from "../lib/bench.ts";
import { readInput, report } from "../lib/child.ts";
import { fillQueue } from "../lib/fill.ts";
import { commandOf } from "../lib/paths.ts";
import { expectQueueLength } from "../lib/servers.ts";
import { drainProgram, type ScalingInput } from "./drains.ts";

/** About 20 ms of arithmetic, in thousands of steps in Python and ten thousands in JavaScript. */
const ROUNDS = { node: 450, python: 380 };

const execute = promisify(execFile);
const { broker, cores, count, runtime } = readInput<ScalingInput>();

const one = await rateWith(1, Math.ceil(count / cores));
const all = await rateWith(cores, count);
report({ values: { speedUp: all / one, perSecond: all } });

async function rateWith(concurrency: number, tasks: number): Promise<number> {
  await fillQueue(broker, tasks, { task: "bench.spin", args: [ROUNDS[runtime]] });
  const program = drainProgram(runtime, broker, { pool: "prefork", concurrency, count: tasks });
  const { command, args } = commandOf(program, []);
  const { stdout } = await execute(command, args, { env: { ...process.env, ...program.env } });
  await expectQueueLength(broker, 0);
  const [sample] = JSON.parse(/^result (.*)$/m.exec(stdout)?.[1] ?? "[]") as Sample[];
  return sample?.values["perSecond"] ?? Number.NaN;
}
