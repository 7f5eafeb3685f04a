/** What guarding the door costs: keys, quotas, declared tasks and Idempotency-Keys, against the least a gateway can do. */
import { writeFileSync } from "node:fs";
import { makeKeyText } from "../../gateway/access/key-text.ts";
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
/** Unmeasured requests first, as a part of the measured ones: so much code is compiled late, and a gateway runs for weeks. */
const WARM_UP = 0.5;
const BODY = { task: "tasks.add", args: [2, 3] };

/** What the guarded gateway is told. */
export interface GuardedInput extends ServerInput {
  /** URL of its state. Default: in memory. */
  readonly state?: string | undefined;
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
    guarded("Celerity gateway, all of it, state in memory", () => undefined),
    guarded("Celerity gateway, all of it, state in SQLite", ({ folder }) => `sqlite:///${folder}/gateway.db`),
    guarded("Celerity gateway, all of it, state in Redis", ({ resultsUrl }) => resultsUrl),
    {
      name: "node:http, v2 envelope by hand, LPUSH, nothing asked",
      role: "floor",
      background: (run) => {
        // It has the same headers to parse, and the callers have them to send.
        writeFileSync(keyFile(run), makeKeyText().text);
        const input: ServerInput = { broker: run.urls.redis, port: run.port };
        return background(nodeProgram("gateway/floor", input));
      },
      program: (run) => load(run, "/"),
      check: checkQueue,
    },
  ],
};

function guarded(name: string, state: (run: Run) => string | undefined): Bench["contenders"][number] {
  return {
    name,
    role: "celerity",
    background: (run) => {
      const { urls, port } = run;
      const input: GuardedInput = { broker: urls.redis, port, state: state(run), keyFile: keyFile(run) };
      return background(nodeProgram("gateway/guarded", input));
    },
    program: (run) => load(run, "/v1/tasks"),
    check: checkQueue,
  };
}

function keyFile({ folder }: Run): string {
  return `${folder}/key`;
}

function load(run: Run, path: string): Program {
  const { port, count } = run;
  const input: LoadInput = {
    url: `http://127.0.0.1:${port}${path}`,
    body: BODY,
    connections: Math.min(CONNECTIONS, warmUp(count)),
    count,
    warmUp: warmUp(count),
    keyFile: keyFile(run),
    idempotent: true,
  };
  return nodeProgram("gateway/load", input);
}

function warmUp(count: number): number {
  return Math.ceil(count * WARM_UP);
}

function checkQueue({ urls, count }: Run): Promise<void> {
  return expectQueueLength(urls.redis, count + warmUp(count));
}
