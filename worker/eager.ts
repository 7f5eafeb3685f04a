/**
 * Runs tasks inside the call that would send them (setting taskAlwaysEager), with the parts that a worker has. An ETA, a
 * countdown and limits do not count; retries follow at once. Source: celery/app/task.py `Task.apply` of 5.7.
 */

import { hostname } from "node:os";
import type { App, EagerRunner, Task } from "../app/index.ts";
import type { Awaitable } from "../codecs/index.ts";
import { ConfigurationError, type WireMessage } from "../protocol/index.ts";
import type { Delivery } from "../transports/index.ts";
import { createAddToChord } from "./add-to-chord.ts";
import { joinerOf } from "./chords/index.ts";
import { createExecute } from "./execute.ts";
import { createIntake, isRefusal } from "./intake.ts";
import type { Job } from "./job.ts";
import { nodeName } from "./node-name.ts";
import type { Outcome } from "./outcome.ts";
import { createSender } from "./sender.ts";
import { createSettler, type Settler } from "./settle.ts";
import { withTaskSignals } from "./task-signals.ts";

/** What an app needs to run its tasks by itself. */
interface EagerParts {
  readonly intake: ReturnType<typeof createIntake>;
  readonly execute: (job: Job) => Awaitable<Outcome>;
  readonly settler: Settler;
}

const partsOf = new WeakMap<App, Promise<EagerParts>>();

export const runEagerly: EagerRunner = async (app, { message, route }) => {
  const known = partsOf.get(app) ?? createParts(app);
  partsOf.set(app, known);
  const { intake, execute, settler } = await known;
  const accepted = await intake(deliveryOf(message, route.routingKey));
  if (accepted === undefined || isRefusal(accepted)) {
    throw new ConfigurationError(`The task cannot be run here: ${accepted?.reason ?? "it was given back"}`);
  }
  let thrown: unknown;
  const task = watched(accepted.task, (error) => {
    thrown = error;
  });
  let job: Job = { ...accepted, task, ignoreResult: false };
  let outcome = await execute(job);
  while (outcome.state === "RETRY") {
    job = { ...job, request: { ...job.request, retries: outcome.retries }, abort: undefined };
    outcome = await execute(job);
  }
  const { state } = outcome;
  await new Promise<void>((resolve) => settler.settle(job, outcome, resolve));
  if (state !== "FAILURE" || !app.settings.taskEagerPropagates) return;
  throw thrown ?? new ConfigurationError(`${job.request.task} could not be called with these arguments.`);
};

async function createParts(app: App): Promise<EagerParts> {
  const node = nodeName(undefined, hostname());
  const { onWarning, signals } = app;
  const backend = await app.backend();
  const joiner = joinerOf(app, backend, onWarning);
  const sender = createSender({ app, sealCheck: undefined, onWarning });
  const settler = createSettler({
    app,
    hostname: node,
    backend,
    sealCheck: undefined,
    sender,
    joiner,
    onWarning,
  });
  const execute = createExecute<Job>({
    hostname: node,
    updateState: settler.storeState,
    addToChord: createAddToChord(app),
  });
  return {
    intake: createIntake({ app, sealCheck: undefined, runsAnyTask: false }),
    execute: withTaskSignals(execute, { signals, hostname: node }),
    settler,
  };
}

/** The same task, which tells what it throws. */
function watched(task: Task, onThrow: (error: unknown) => void): Task {
  return {
    ...task,
    run: async (self, args) => {
      try {
        return await task.run(self, args);
      } catch (error) {
        onThrow(error);
        throw error;
      }
    },
  };
}

/** A message that no broker has. */
function deliveryOf(message: WireMessage, queue: string): Delivery {
  const nothing = (): void => undefined;
  return {
    queue,
    message,
    malformed: undefined,
    rawBytes: message.body,
    exchange: "",
    routingKey: queue,
    redelivered: false,
    previousDeliveries: 0,
    lost: false,
    ack: nothing,
    reject: nothing,
  };
}
