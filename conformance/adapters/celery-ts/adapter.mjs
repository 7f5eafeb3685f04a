/** celery-ts as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */
import { randomUUID } from "node:crypto";
import celery from "celery-ts";
import { answer, CannotSay, readOptions, tag, untag } from "../js-tagged/ccp.mjs";

const ABOUT = {
  name: "celery-ts",
  language: "typescript",
  version: "1.2.3",
  homepage: "https://github.com/node-celery-ts/node-celery-ts",
  issues: "https://github.com/node-celery-ts/node-celery-ts/issues",
  roles: ["producer", "results"],
  features: {
    protocol: [2],
    serializers: ["json", "yaml"],
    compression: ["zlib"],
    brokers: ["redis", "amqp"],
    backends: ["redis", "rpc"],
    eta: true,
    expires: true,
    time_limits: true,
  },
};

/** Options under the library's names: of a call, and of a client. Ids are its own. */
function optionsOf({ task_id, protocol = 2, ...given }) {
  if (protocol !== 2) throw new CannotSay("it sends protocol 2 only");
  const { eta, expires, priority, serializer, compression, ignore_result: ignoreResult, ...ofClient } = given;
  const {
    time_limit: hardTimeLimit,
    soft_time_limit: softTimeLimit,
    delivery_mode: mode,
    ...more
  } = ofClient;
  const unknown = Object.keys(more);
  if (unknown.length > 0) throw new CannotSay(`applyAsync() has no ${unknown}`);
  const deliveryMode = mode === 1 ? "transient" : "persistent";
  return {
    call: { eta, expires, priority, serializer, compression, ignoreResult },
    client: { hardTimeLimit, softTimeLimit, deliveryMode },
  };
}

const id = randomUUID();
let store;
let backend;
let brokers;
let queue;
const results = new Map();

await answer({
  start: () => ABOUT,

  async configure(given) {
    for (const broker of brokers ?? []) await broker.end();
    queue = given.queue;
    brokers = [celery.createBroker(given.broker)];
    // Celery's rpc:// means the broker, which has to be named here.
    const url = given.backend?.replace(/^rpc:.*/, given.broker.replace(/^amqp:/, "rpc:"));
    // It is kept: its end() waits for results that never come.
    if (url !== store) backend = url && celery.createBackend(id, url);
    store = url;
    return { ok: true };
  },

  publish({ call: { task, args = [], kwargs = {}, options = {} } }) {
    const given = optionsOf(readOptions(options));
    const taskDefaults = { queue, ...given.client };
    const client = new celery.Client({ id, backend, brokers, taskDefaults });
    const call = { args: untag(args), kwargs: untag(kwargs), ...given.call };
    const result = client.createTask(task).applyAsync(call);
    results.set(result.taskId, result);
    result.get().catch(() => undefined); // Node ends for a rejection that nobody awaits.
    return { id: result.taskId };
  },

  async result({ id, timeout_ms }) {
    const result = results.get(id) ?? new celery.Result(id, backend);
    try {
      return { state: "SUCCESS", value: tag(await result.get(timeout_ms)) };
    } catch (error) {
      if (error.message === "timed out") return { state: "PENDING" };
      throw error;
    }
  },
});
