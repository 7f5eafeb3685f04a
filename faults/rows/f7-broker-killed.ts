import { breakBroker, type Told, WORKERS } from "../lib/broken-broker.ts";
import type { Check, Fault } from "../lib/fault.ts";
import type { Ledger } from "../lib/ledger.ts";
import { reviveRabbitMq } from "../lib/own-servers.ts";
import { CONCURRENCY, type Scene } from "../lib/scene.ts";

const DEDUPLICATED = "classic queue, deduplicated";
/** A classic queue may lose acknowledgements younger than this when it is killed. */
const UNWRITTEN_MS = 5000;
const SLOTS = WORKERS * CONCURRENCY;

/** RabbitMQ has confirmed everything, and is killed before it has written down what was acknowledged. */
export const brokerKilled: Fault = {
  name: "F7",
  what: "kill -9 of RabbitMQ 1 s after the gateway has accepted the load, and a new start",
  brokers: ["rabbitmq"],
  ownServers: true,
  cases: [{ name: "classic queue" }, { name: DEDUPLICATED }, { name: "quorum queue", queueType: "quorum" }],
  async run(scene) {
    const { broker } = scene.servers;
    if (broker === undefined) throw new Error("It needs a server.");
    const isDeduplicated = scene.options.form.name === DEDUPLICATED;
    return await breakBroker(scene, {
      what: "kill -9 of the broker",
      recoveryLimit: 3,
      seconds: 0,
      // Whoever asks while it starts may be kept waiting until it has.
      refuses: false,
      underWay: () => scene.pause(1000),
      begin: () => broker.kill(),
      end: () => reviveRabbitMq(broker),
      duplicates: (told) => mayRepeat(scene, told),
      checks: (told) => [repeatedLate(scene.ledger, told)],
      env: isDeduplicated ? { CELERY_WORKER_DEDUPLICATE_SUCCESSFUL_TASKS: "true" } : {},
    });
  },
};

function mayRepeat({ options, ledger }: Scene, { broken }: Told): number {
  if (options.form.name === DEDUPLICATED) return 0;
  if (options.form.queueType === "quorum") return 2 * SLOTS;
  const young = ledger
    .notes("end")
    .filter(({ atMs }) => atMs <= broken.fromMs && atMs >= broken.fromMs - UNWRITTEN_MS);
  return young.length + SLOTS;
}

/** Tasks that had ended long before the broker was killed, and ended again. */
export function repeatedLate(ledger: Ledger, { broken }: Pick<Told, "broken">): Check {
  const ends = ledger.notes("end");
  const old = new Set(ends.filter(({ atMs }) => atMs < broken.fromMs - UNWRITTEN_MS).map(({ id }) => id));
  const again = ends.filter(({ id, atMs }) => atMs >= broken.fromMs && old.has(id));
  return { what: "repeated though done for long", value: new Set(again.map(({ id }) => id)).size, limit: 0 };
}
