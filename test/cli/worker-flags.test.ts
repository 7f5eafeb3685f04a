import { Command } from "commander";
import { pino } from "pino";
import { expect, it } from "vitest";
import { startableWorker } from "../../cli/commands/worker.ts";
import { type WorkerFlags, withWorkerOptions } from "../../cli/options.ts";
import { testApp } from "../helpers/worker.ts";

function queuesOf(...args: readonly string[]): readonly string[] {
  const flags = withWorkerOptions(new Command()).parse(args, { from: "user" }).opts<WorkerFlags>();
  const app = testApp({ taskQueues: { a: {}, b: {}, c: {} } });
  return startableWorker(app, flags, pino({ enabled: false })).queues.map(({ name }) => name);
}

it("consumes all queues of the app but those of -X", () => {
  expect(queuesOf()).toEqual(["a", "b", "c"]);
  expect(queuesOf("-X", "b")).toEqual(["a", "c"]);
  expect(queuesOf("--exclude-queues", "a, c")).toEqual(["b"]);
  expect(queuesOf("-Q", "a,b", "-X", "b")).toEqual(["a"]);
});
