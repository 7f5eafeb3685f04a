/** Time from a call to its result in the caller's hand, one call after another: `tasks.add(2, 3)`. */
import {
  type Background,
  type Bench,
  background,
  type Contender,
  nodeProgram,
  P50,
  P99,
  pythonProgram,
  type Run,
} from "../lib/bench.ts";

export const roundtripRedis: Bench = {
  name: "roundtrip-redis",
  title: "calls over Redis, results in Redis",
  servers: ["redis"],
  count: 2000,
  metrics: [P50, P99],
  contenders: contenders("redis", "two bare hops: LPUSH/BRPOP, PUBLISH"),
};

export const roundtripAmqp: Bench = {
  name: "roundtrip-amqp",
  title: "calls over RabbitMQ, rpc results",
  servers: ["rabbitmq"],
  count: 2000,
  metrics: [P50, P99],
  contenders: contenders("rabbitmq", "two bare hops: amqplib, no confirms"),
};

type Broker = "redis" | "rabbitmq";

/** What both ends are told. */
export interface RoundtripInput {
  readonly broker: string;
  readonly results: string;
  readonly count: number;
  readonly warmUp: number;
}

function contenders(broker: Broker, floorName: string): Contender[] {
  const input = ({ urls, resultsUrl, count }: Run): RoundtripInput => ({
    broker: urls[broker],
    results: broker === "redis" ? resultsUrl : "rpc://",
    count,
    warmUp: Math.ceil(count * 0.1),
  });
  const celerityWorker = (run: Run): Background =>
    background(nodeProgram("roundtrip/celerity-worker", input(run)));
  const pythonWorker = (run: Run): Background =>
    background(pythonProgram("roundtrip/python-worker", input(run)));
  const celerityClient = (run: Run) => nodeProgram("roundtrip/celerity-client", input(run));
  const pythonClient = (run: Run) => pythonProgram("roundtrip/python-client", input(run));
  return [
    {
      name: "Celerity client, Celerity worker",
      role: "celerity",
      background: celerityWorker,
      program: celerityClient,
    },
    {
      name: "Celerity client, Celery worker (solo)",
      role: "celerity",
      background: pythonWorker,
      program: celerityClient,
    },
    {
      name: "Celery client, Celerity worker",
      role: "celerity",
      share: 0.5,
      background: celerityWorker,
      program: pythonClient,
    },
    {
      name: floorName,
      role: "floor",
      background: (run) => background(nodeProgram(`roundtrip/floor-${broker}-worker`, input(run))),
      program: (run) => nodeProgram(`roundtrip/floor-${broker}-client`, input(run)),
    },
    {
      name: "Celery client, Celery worker (solo)",
      role: "python",
      share: 0.5,
      background: pythonWorker,
      program: pythonClient,
    },
  ];
}
