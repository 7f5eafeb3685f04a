/** The tasks that clients call in the scenario. */
import { setTimeout as sleep } from "node:timers/promises";
import { type App, createApp } from "../../index.ts";

/** Between the steps of examples.steps. */
const STEP_MS = 100;
/** How long examples.steps waits for somebody who follows it. */
const FOLLOWER_MS = 10_000;

/** An app on a broker of its own, within this process. `isFollowed`: whether somebody has the events of a task open. */
export function exampleApp(isFollowed: (taskId: string) => boolean): App {
  const meeting = crypto.randomUUID();
  const app = createApp({
    env: {},
    brokerUrl: `memory://${meeting}`,
    resultBackend: `cache+memory://${meeting}`,
    onWarning: () => undefined,
  });
  const numbers = { type: "array", items: { type: "number" } };
  app.task("examples.add", { schema: { args: numbers } }, (x: number, y: number): number => x + y);
  app.task("examples.sum", (summands: readonly number[]): number =>
    summands.reduce((sum, summand) => sum + summand, 0),
  );
  app.task("examples.power", (x: number, y: number): bigint => BigInt(x) ** BigInt(y));
  app.task("examples.greet", (name: string): string => `Hello, ${name}!`);
  app.task("examples.fail", (message: string): never => {
    throw new Error(message);
  });
  app.task("examples.steps", { bind: true }, async (self, total: number): Promise<{ steps: number }> => {
    for (let done = 1; done <= total; done += 1) {
      // Each step is seen, however slow the one who follows connects, or connects again.
      const until = Date.now() + FOLLOWER_MS;
      do await sleep(STEP_MS);
      while (!isFollowed(self.request.id) && Date.now() < until);
      await self.updateState("PROGRESS", { done, total });
    }
    return { steps: total };
  });
  return app;
}
