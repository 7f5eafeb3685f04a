import type { Fault } from "../lib/fault.ts";

const RESTARTS = 10;
/** Seconds that a supervisor gives a worker to stop, and one more. */
const EXIT_LIMIT = 31;
/** Tasks that wait, so that no worker is idle. */
const BACKLOG = 80;

/** SIGTERM to one of two workers after the other, while tasks come in. */
export const rollingRestarts: Fault = {
  name: "F5",
  what: `SIGTERM under load, ${RESTARTS} rolling restarts`,
  brokers: ["rabbitmq", "redis", "sqlite"],
  cases: [{ name: "" }, { name: "quorum queue", brokers: ["rabbitmq"], queueType: "quorum" }],
  async run(scene) {
    const fleet = [await scene.startWorker(), await scene.startWorker()];
    await scene.load();
    const feeder = scene.feed(BACKLOG);
    const exits: { readonly code: number | null; readonly seconds: number }[] = [];
    for (const [at, worker] of fleet.entries()) {
      const asked = scene.ledger.notes("start").length;
      await scene.untilStarted(asked + 10);
      const atMs = Date.now();
      worker.signal("SIGTERM");
      exits.push({ code: await worker.ended(), seconds: (Date.now() - atMs) / 1000 });
      if (at + 1 < RESTARTS) fleet.push(await scene.startWorker());
      else break;
    }
    await feeder.stop();
    await scene.settled();
    return {
      broken: { times: exits.length, what: "SIGTERM" },
      duplicates: 0,
      checks: [
        { what: "starts beyond the first", value: scene.ledger.repeated("start"), limit: 0 },
        { what: "exit codes that are not 0", value: exits.filter(({ code }) => code !== 0).length, limit: 0 },
        {
          what: "seconds to exit",
          value: Math.max(...exits.map(({ seconds }) => seconds)),
          limit: EXIT_LIMIT,
        },
      ],
    };
  },
};
