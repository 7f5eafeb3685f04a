/** The built-in steps of a worker. A new one is a line here, or an option of the worker. */
import { type Bootstep, orderSteps } from "../bootstep.ts";
import { createControlNode } from "../control/control-node.ts";
import type { Worker } from "../worker.ts";
import type { WorkerOptions } from "../worker-options.ts";
import { autoscalerStep } from "./autoscaler.ts";
import { chordSweepStep } from "./chord-sweep.ts";
import { delayedDeliveryStep } from "./delayed-delivery.ts";
import { gossipStep } from "./gossip.ts";
import { metricsStep } from "./metrics.ts";
import { mingleStep } from "./mingle.ts";
import { stateFileStep } from "./state-file.ts";

/** Answers to remote control. */
function controlStep(): Bootstep {
  let close: (() => Promise<void>) | undefined;
  return {
    name: "control",
    async start(worker: Worker) {
      const { connection, sealCheck } = worker.requireParts();
      close = (await createControlNode(worker, connection, sealCheck))?.close;
    },
    stop: () => close?.(),
  };
}

/** Steps before it do not need the pools, which start meanwhile. */
const poolStep: Bootstep = {
  name: "pool",
  start: async (worker) => void (await worker.requireParts().poolsReady),
};

/** Heartbeats, and the events of tasks. */
const heartStep: Bootstep = {
  name: "heart",
  start: (worker) => worker.requireParts().events.start(),
  stop: (worker) => worker.requireParts().events.stop(),
};

/** Takes messages from here on. They stop before the first step does. */
const consumerStep: Bootstep = {
  name: "consumer",
  requires: ["heart"],
  start(worker) {
    for (const lane of worker.requireParts().lanes) lane.start();
  },
};

/** The steps of a worker with these options, in their order. */
export function workerSteps(options: WorkerOptions): readonly Bootstep[] {
  const { app, mingle, gossip, autoscale, metrics, steps = [] } = options;
  const stateFile = options.stateFile ?? app.settings.workerStateDb;
  const before = [
    ...(metrics === undefined ? [] : [metricsStep(metrics)]),
    ...(stateFile === null ? [] : [stateFileStep(stateFile)]),
    ...(mingle === false ? [] : [mingleStep]),
    poolStep,
    ...(app.settings.workerEnableRemoteControl ? [controlStep()] : []),
    ...(gossip === false || mingle === false ? [] : [gossipStep]),
    heartStep,
    delayedDeliveryStep,
  ];
  // What users add comes before the consumer unless it requires it: a step prepares something, most of the time.
  const [early, late] = [steps.filter(isEarly), steps.filter((step) => !isEarly(step))];
  const after = [chordSweepStep(), ...(autoscale === undefined ? [] : [autoscalerStep(autoscale)])];
  const builtin = [...before, ...early.filter(({ name }) => name !== "consumer"), consumerStep, ...after];
  return orderSteps(builtin, [...late, ...early]);
}

function isEarly({ requires = [] }: Bootstep): boolean {
  return !requires.includes("consumer");
}
