/** What guarding the door costs: keys, quotas, declared tasks and Idempotency-Keys, against the least a gateway can do. */
import {
  type Bench,
  background,
  nodeProgram,
  P99,
  PER_SECOND,
  type Program,
  type Run,
} from "../lib/bench.ts";
import { expectQueueLength } from "../lib/servers.ts";
import type { LoadInput, ServerInput } from "./bench.ts";

const CONNECTIONS = 32;
/** Unmeasured requests first, as a part of the measured ones. */
const WARM_UP = 0.1;
const BODY = { task: "tasks.add", args: [2, 3] };

/** What the guarded gateway is told. */
export interface GuardedInput extends ServerInput {
  /** URL of its state. */
  readonly state: string;
  /** Where it writes the key that its callers use. */
  readonly keyFile: string;
}

export const gatewayGuardedBench: Bench = {
  name: "gateway-guarded",
  title: `tasks accepted with an API key, quotas, a declared task and an Idempotency-Key each, onto Redis, ${CONNECTIONS} connections`,
  servers: ["redis"],
  count: 60_000,
  metrics: [PER_SECOND, P99],
  contenders: [
    guarded("Celerity gateway, all of it, state in SQLite", ({ folder }) => `sqlite:///${folder}/gateway.db`),
    guarded("Celerity gateway, all of it, state in Redis", ({ resultsUrl }) => resultsUrl),
    {
      name: "node:http, v2 envelope by hand, LPUSH, nothing asked",
      role: "floor",
      background: ({ urls, port }) => background(nodeProgram("gateway/floor", { broker: urls.redis, port })),
      program: (run) => load(run, "/"),
      check: checkQueue,
    },
  ],
};

function guarded(name: string, state: (run: Run) => string): Bench["contenders"][number] {
  return {
    name,
    role: "celerity",
    background: (run) => {
      const { urls, port } = run;
      const input: GuardedInput = { broker: urls.redis, port, state: state(run), keyFile: keyFile(run) };
      return background(nodeProgram("gateway/guarded", input));
    },
    program: (run) => load(run, "/v1/tasks", { keyFile: keyFile(run), idempotent: true }),
    check: checkQueue,
  };
}

function keyFile({ folder }: Run): string {
  return `${folder}/key`;
}

function load({ port, count }: Run, path: string, more: Partial<LoadInput> = {}): Program {
  const input: LoadInput = {
    url: `http://127.0.0.1:${port}${path}`,
    body: BODY,
    connections: Math.min(CONNECTIONS, warmUp(count)),
    count,
    warmUp: warmUp(count),
    ...more,
  };
  return nodeProgram("gateway/load", input);
}

function warmUp(count: number): number {
  return Math.ceil(count * WARM_UP);
}

function checkQueue({ urls, count }: Run): Promise<void> {
  return expectQueueLength(urls.redis, count + warmUp(count));
}
