/**
 * Tasks per second that one worker drains from a full queue: `tasks.add(2, 3)`, from the start of the first task until
 * the worker has settled the last and left the broker. Of Python Celery the clock stops at the end of the last task.
 */
import {
  type Bench,
  type Contender,
  nodeProgram,
  PER_SECOND,
  pythonProgram,
  type Run,
} from "../lib/bench.ts";
import { fillQueue } from "../lib/fill.ts";
import { expectQueueLength, withRedis } from "../lib/servers.ts";

export const workerRedis: Bench = {
  name: "worker-redis",
  title: "tasks drained from Redis, results ignored or stored in Redis",
  servers: ["redis"],
  count: 50_000,
  metrics: [PER_SECOND],
  contenders: contenders("redis", "ioredis: claim and ack 50 by one script"),
};

export const workerAmqp: Bench = {
  name: "worker-amqp",
  title: "tasks drained from RabbitMQ, results ignored or stored in Redis",
  servers: ["rabbitmq", "redis"],
  count: 50_000,
  metrics: [PER_SECOND],
  contenders: contenders("rabbitmq", "amqplib: prefetch 1000, ack by 50"),
};

type Broker = "redis" | "rabbitmq";

/** What the workers are told. */
export interface WorkerInput {
  readonly broker: string;
  /** null: results are ignored. */
  readonly results: string | null;
  readonly count: number;
}

function contenders(broker: Broker, floorName: string): Contender[] {
  return [false, true].flatMap((stores) => {
    const common = {
      case: stores ? "results stored" : "results ignored",
      prepare: ({ urls, count }: Run) => fillQueue(urls[broker], count),
      check: (run: Run) => checkDrained(run, broker, stores),
    };
    const input = ({ urls, resultsUrl, count }: Run): WorkerInput => ({
      broker: urls[broker],
      results: stores ? resultsUrl : null,
      count,
    });
    return [
      {
        ...common,
        name: "Celerity worker",
        role: "celerity",
        program: (run) => nodeProgram("worker/celerity", input(run)),
      },
      {
        ...common,
        name: floorName,
        role: "floor",
        program: (run) => nodeProgram(`worker/floor-${broker}`, input(run)),
      },
      python(common, input, "solo", 1),
      python(common, input, "prefork", 2),
    ];
  });
}

function python(
  common: Pick<Contender, "case" | "prepare" | "check">,
  input: (run: Run) => WorkerInput,
  pool: string,
  concurrency: number,
): Contender {
  return {
    ...common,
    name: concurrency === 1 ? `Celery ${pool}` : `Celery ${pool} -c ${concurrency}`,
    role: "python",
    share: 0.1,
    program: (run) => pythonProgram("worker/python", { ...input(run), pool, concurrency }),
  };
}

async function checkDrained(
  { urls, resultsUrl, count }: Run,
  broker: Broker,
  stores: boolean,
): Promise<void> {
  await expectQueueLength(urls[broker], 0);
  if (!stores) return;
  const stored = await withRedis(resultsUrl, (redis) => redis.dbsize());
  if (stored !== count) throw new Error(`${stored} results are stored, not ${count}.`);
}
