/** celery-node as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */
import celery from "celery-node";
import { answer, CannotSay, errorOf, readOptions, tag, untag } from "../js-tagged/ccp.mjs";

const ABOUT = {
  name: "celery-node",
  language: "javascript",
  version: "0.5.9",
  homepage: "https://github.com/actumn/celery.node",
  issues: "https://github.com/actumn/celery.node/issues",
  roles: ["producer", "worker", "results"],
  features: { protocol: [1, 2], serializers: ["json"], brokers: ["redis", "amqp"], backends: ["redis"] },
};

/** A worker calls its tasks with the positional arguments, then an object of the named ones. */
const named =
  (names, run) =>
  (...given) => {
    const kwargs = given.pop();
    return run(...names.map((name, index) => (index < given.length ? given[index] : kwargs[name])));
  };

const TYPES = { int: 1, float: 1.5, text: "naïve ☃", list: [1, [2]], object: { a: { b: null } } };
const TASKS = {
  "conf.add": named(["x", "y"], (x, y) => x + y),
  "conf.echo": named(["value"], (value) => value),
  "conf.kwargs": (...given) => given.pop(),
  "conf.types": () => ({ null: null, true: true, ...TYPES }),
  "conf.big": named(["length"], (length) => "x".repeat(length)),
  "conf.fail": named(["type", "message"], (name, message) => {
    throw Object.assign(new Error(message), { name });
  }),
  "conf.sleep": named(["milliseconds"], (milliseconds) => {
    return new Promise((resolve) => setTimeout(() => resolve(milliseconds), milliseconds));
  }),
  "conf.crash": () => process.exit(1),
  "conf.call": named(["task", "args"], (task, args) => client.sendTask(task, args, {}).taskId),
  "conf.sum": named(["numbers"], (numbers) => numbers.reduce((sum, number) => sum + number, 0)),
};

let servers;
let client;
let worker;

await answer({
  start: () => ABOUT,

  async configure({ broker, backend, queue }) {
    await client?.disconnect();
    servers = [broker, backend ?? broker]; // It cannot be without a result store.
    client = celery.createClient(...servers, queue);
    return { ok: true };
  },

  async publish({ call: { task, args = [], kwargs = {}, options = {} } }) {
    const { task_id, protocol = 2, serializer, ...more } = readOptions(options);
    const unknown = Object.keys(more);
    if (unknown.length > 0) throw new CannotSay(`sendTask() has no ${unknown}`);
    client.conf.TASK_PROTOCOL = protocol;
    await client.isReady();
    return { id: client.sendTask(task, untag(args), untag(kwargs), task_id).taskId };
  },

  async result({ id, timeout_ms }) {
    const found = client.asyncResult(id);
    try {
      return { state: "SUCCESS", value: tag(await found.get(timeout_ms, 50)) };
    } catch (error) {
      const state = error.message;
      if (state === "TIMEOUT") return { state: "PENDING" };
      return { state, error: errorOf(error) };
    }
  },

  async work({ queue }) {
    worker = celery.createWorker(...servers, queue);
    for (const [name, run] of Object.entries(TASKS)) worker.register(name, run);
    await worker.isReady();
    worker.start();
    return { ready: true };
  },

  async drain() {
    await worker.whenCurrentJobsFinished();
    await worker.disconnect();
    return { ok: true };
  },
});
