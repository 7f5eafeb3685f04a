/** Benches of a worker that empties a queue with one pool or another, as its command line would start it: nothing is tuned. */
import { availableParallelism } from "node:os";
import {
  type Bench,
  type Contender,
  type Metric,
  nodeProgram,
  PER_SECOND,
  type Program,
  pythonProgram,
  type Run,
  type ServerName,
} from "../lib/bench.ts";
import { fillQueue } from "../lib/fill.ts";
import type { Call } from "../lib/message.ts";
import { geventPath } from "../lib/paths.ts";
import { expectQueueLength } from "../lib/servers.ts";

/** What the draining programs are told. */
export interface DrainInput {
  readonly pool: string;
  readonly concurrency: number;
  readonly count: number;
  /** Time that no worker can do better than. */
  readonly idealSeconds?: number;
}

/** What the scaling program is told: it fills the queue and runs the draining programs itself. */
export interface ScalingInput {
  readonly broker: string;
  /** Processes of the second drain; the first has one. */
  readonly cores: number;
  readonly count: number;
  readonly runtime: Program["runtime"];
}

/** Part of the messages that Python gets: rates are compared. */
const PYTHON_SHARE = 0.1;
const WAIT: Call = { task: "bench.wait", args: [0.1] };
const WAITING = 1000;

/** The program that drains a queue in either language. */
export function drainProgram(runtime: Program["runtime"], broker: string, input: DrainInput): Program {
  const program =
    runtime === "node"
      ? nodeProgram("worker-pools/drain", input)
      : pythonProgram("worker-pools/drain", input);
  if (runtime === "python" && input.pool === "gevent" && geventPath !== undefined) {
    return { ...program, env: { CELERY_BROKER_URL: broker, PYTHONPATH: geventPath } };
  }
  return { ...program, env: { CELERY_BROKER_URL: broker } };
}

export const cpuBench: Bench = {
  name: "worker-pools-cpu",
  title: `tasks of about 20 ms of arithmetic in prefork: ${availableParallelism()} processes against one`,
  servers: ["redis"],
  count: 400,
  metrics: [{ key: "speedUp", heading: "speed-up", digits: 2, better: "higher" }, PER_SECOND],
  contenders: [
    scaling("Celerity prefork", "celerity", "node"),
    scaling("Celery prefork", "python", "python"),
  ],
};

function scaling(name: string, role: Contender["role"], runtime: Program["runtime"]): Contender {
  return {
    name,
    role,
    program: ({ urls, count }) =>
      nodeProgram("worker-pools/scaling", {
        broker: urls.redis,
        cores: availableParallelism(),
        count,
        runtime,
      } satisfies ScalingInput),
  };
}

export const drainRedisBench: Bench = drainBench("worker-pools-drain-redis", "Redis", "redis");
export const drainAmqpBench: Bench = drainBench("worker-pools-drain-amqp", "RabbitMQ", "rabbitmq");

function drainBench(name: string, broker: string, server: ServerName): Bench {
  return {
    name,
    title: `tasks.add(2, 3) drained from ${broker} by pools of two, results ignored`,
    servers: [server],
    count: 20_000,
    metrics: [PER_SECOND],
    contenders: ["prefork", "threads"].flatMap((pool) => [
      drain({ case: `${pool} -c 2`, pool, concurrency: 2, server, runtime: "node" }),
      drain({ case: `${pool} -c 2`, pool, concurrency: 2, server, runtime: "python", share: PYTHON_SHARE }),
    ]),
  };
}

const OF_IDEAL: Metric = { key: "ofIdeal", heading: "of ideal time", digits: 3, better: "lower" };

export const waitsBench: Bench = {
  name: "worker-pools-waits",
  title: `tasks that wait for 100 ms, ${WAITING} at once`,
  servers: ["redis"],
  count: 20_000,
  metrics: [OF_IDEAL, PER_SECOND],
  contenders: [
    drain({ pool: "async", concurrency: WAITING, call: WAIT, server: "redis", runtime: "node" }),
    drain({
      // Without gevent, threads are what is left to Celery.
      pool: geventPath === undefined ? "threads" : "gevent",
      concurrency: WAITING,
      call: WAIT,
      server: "redis",
      runtime: "python",
      share: 0.25,
    }),
  ],
};

interface DrainOptions {
  readonly case?: string;
  readonly pool: string;
  readonly concurrency: number;
  readonly call?: Call;
  readonly server: ServerName;
  readonly runtime: Program["runtime"];
  readonly share?: number;
}

function drain({ pool, concurrency, call, server, runtime, ...rest }: DrainOptions): Contender {
  const isOurs = runtime === "node";
  const waitSeconds = call === WAIT ? WAIT.args[0] : undefined;
  const ideal = ({ count }: Run): Pick<DrainInput, "idealSeconds"> =>
    waitSeconds === undefined ? {} : { idealSeconds: Math.ceil(count / concurrency) * waitSeconds };
  return {
    ...rest,
    name: `${isOurs ? "Celerity" : "Celery"} ${pool} -c ${concurrency}`,
    role: isOurs ? "celerity" : "python",
    prepare: ({ urls, count }) => fillQueue(urls[server], count, call),
    program: (run) =>
      drainProgram(runtime, run.urls[server], { pool, concurrency, count: run.count, ...ideal(run) }),
    check: ({ urls }) => expectQueueLength(urls[server], 0),
  };
}
