import type { Fault } from "../lib/fault.ts";
import { secondsToRestart } from "../lib/kill.ts";
import { treeOf } from "../lib/processes.ts";
import { CONCURRENCY } from "../lib/scene.ts";

/** Longer than anybody waits for it. */
const LONG_SECONDS = 8;
const GRACE_MS = 2000;
/** A killed worker's lease on Redis and SQLite, and a moment; RabbitMQ sees the connection end. */
const LEASE_LIMIT = 20;

/** A worker is asked to stop and given less time than its tasks need; another one is there. */
export const graceTooShort: Fault = {
  name: "F6",
  what: `SIGTERM, ${GRACE_MS / 1000} s of grace for tasks of ${LONG_SECONDS} s, then SIGQUIT or SIGKILL`,
  brokers: ["rabbitmq", "redis", "sqlite"],
  cases: [{ name: "SIGQUIT" }, { name: "SIGKILL" }],
  async run(scene) {
    const signal = scene.options.form.name === "SIGQUIT" ? "SIGQUIT" : "SIGKILL";
    const leaving = await scene.startWorker();
    await scene.send(CONCURRENCY, "fault.work", LONG_SECONDS);
    await scene.untilStarted(CONCURRENCY);
    await scene.startWorker();
    await scene.load(Math.ceil(scene.options.tasks / 4));
    const pids = treeOf(leaving.pid);
    leaving.signal("SIGTERM");
    await scene.pause(GRACE_MS);
    const atMs = Date.now();
    if (signal === "SIGQUIT") leaving.signal(signal);
    else await leaving.kill();
    const code = await leaving.ended();
    await scene.settled();
    const isLeased = signal === "SIGKILL" && scene.broker !== "rabbitmq";
    return {
      broken: { times: 1, what: `SIGTERM, ${signal}` },
      duplicates: CONCURRENCY,
      recovery: { seconds: secondsToRestart(scene, pids, atMs), limit: isLeased ? LEASE_LIMIT : 2 },
      checks: [
        { what: "wrong exit codes", value: code === (signal === "SIGQUIT" ? 1 : null) ? 0 : 1, limit: 0 },
      ],
    };
  },
};
