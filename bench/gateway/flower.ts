/** The gateway beside Flower, by Flower's own API; and what callers who wait cost one who sends. */
import {
  type Bench,
  nodeProgram,
  P50,
  P99,
  PER_SECOND,
  type Program,
  pythonProgram,
  type Run,
} from "../lib/bench.ts";
import { expectQueueLength } from "../lib/servers.ts";
import { gateway, type LoadInput, type ServerInput } from "./bench.ts";

const CONNECTIONS = 32;
const WAITING = 500;
/** Unmeasured requests first, as a part of the measured ones. */
const WARM_UP = 0.1;

export const gatewayFlowerBench: Bench = {
  name: "gateway-flower",
  title: `tasks accepted by Flower's async-apply, onto Redis with results, ${CONNECTIONS} connections`,
  servers: ["redis"],
  count: 60_000,
  metrics: [PER_SECOND, P99],
  contenders: [
    {
      name: "Celerity gateway",
      role: "celerity",
      background: gatewayWithResults,
      program: load,
      check: checkQueue,
    },
    {
      name: "Flower",
      role: "python",
      share: 0.03,
      background({ urls, resultsUrl, port }) {
        const input: ServerInput = { broker: urls.redis, backend: resultsUrl, port };
        return { ...pythonProgram("gateway/flower-server", input), ready: /Visit me at/ };
      },
      program: load,
      check: checkQueue,
    },
  ],
};

/** What the program is told that sends tasks one after another. */
export interface SubmitterInput {
  readonly url: string;
  readonly broker: string;
  /** Callers who wait for results that do not come, all the while. */
  readonly waiting: number;
  readonly count: number;
  readonly warmUp: number;
}

export const gatewayWaitsBench: Bench = {
  name: "gateway-waits",
  title: `one caller after another sends a task to the gateway, while ${WAITING} or none wait for results`,
  servers: ["redis"],
  count: 5000,
  metrics: [P50, P99],
  contenders: [
    {
      name: `${WAITING} wait`,
      role: "celerity",
      background: gatewayWithResults,
      program: (run) => submitter(run, WAITING),
      check: checkQueue,
    },
    {
      name: "nobody waits",
      role: "floor",
      background: gatewayWithResults,
      program: (run) => submitter(run, 0),
      check: checkQueue,
    },
  ],
};

function gatewayWithResults(run: Run): ReturnType<typeof gateway> {
  return gateway(run, ["--result-backend", run.resultsUrl]);
}

function load({ port, count }: Run): Program {
  const input: LoadInput = {
    url: `http://127.0.0.1:${port}/api/task/async-apply/tasks.add`,
    body: { args: [2, 3] },
    connections: Math.min(CONNECTIONS, warmUp(count)),
    count,
    warmUp: warmUp(count),
  };
  return nodeProgram("gateway/load", input);
}

function submitter({ urls, port, count }: Run, waiting: number): Program {
  const input: SubmitterInput = {
    url: `http://127.0.0.1:${port}/v1/tasks`,
    broker: urls.redis,
    waiting,
    count,
    warmUp: warmUp(count),
  };
  return nodeProgram("gateway/submitter", input);
}

function warmUp(count: number): number {
  return Math.ceil(count * WARM_UP);
}

function checkQueue({ urls, count }: Run): Promise<void> {
  return expectQueueLength(urls.redis, count + warmUp(count));
}
