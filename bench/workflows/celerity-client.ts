/** Composes, sends and joins workflows with Celerity's app, one after another. */
import { chain, chord, group } from "../../canvas/index.ts";
import { createApp } from "../../index.ts";
import { type Signature, signature } from "../../protocol/index.ts";
import { readInput, report } from "../lib/child.ts";
import { percentile } from "../lib/statistics.ts";
import type { WorkflowInput } from "./bench.ts";

const { broker, results, count, sizes } = readInput<WorkflowInput>();
const app = createApp({ env: {}, brokerUrl: broker, resultBackend: results });
const adds = (size: number): Signature[] =>
  Array.from({ length: size }, (_, at) => signature("tasks.add", [at, at]));

interface Kind {
  readonly size: number;
  readonly compose: () => Signature;
  readonly expected: unknown;
}

const KINDS: Readonly<Record<keyof WorkflowInput["sizes"], Kind>> = {
  chord: {
    size: sizes.chord,
    compose: () => chord(adds(sizes.chord), signature("tasks.sum")),
    expected: sizes.chord * (sizes.chord - 1),
  },
  chain: {
    size: sizes.chain,
    compose: () =>
      chain(
        ...Array.from({ length: sizes.chain }, (_, at) => signature("tasks.add", at === 0 ? [0, 1] : [1])),
      ),
    expected: sizes.chain,
  },
  group: {
    size: sizes.group,
    compose: () => group(adds(sizes.group)),
    expected: adds(sizes.group).map((_, at) => 2 * at),
  },
};

async function run({ compose, expected }: Kind): Promise<number> {
  const startedAtMs = performance.now();
  const result = await app.apply(compose());
  const value = await result.get({ timeoutMs: 120_000 });
  const tookMs = performance.now() - startedAtMs;
  if (JSON.stringify(value) !== JSON.stringify(expected))
    throw new Error(`Wrong result: ${JSON.stringify(value)}`);
  return tookMs;
}

const samples = [];
for (const [name, kind] of Object.entries(KINDS)) {
  await run(kind);
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let at = 0; at < count; at += 1) times.push(await run(kind));
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (kind.size * 1000) / percentile(times, 0.5);
  samples.push({
    case: `${name} of ${kind.size}`,
    values: { perSecond },
    cpuUs: (user + system) / (count * kind.size),
  });
}
report(...samples);
await app.close();
