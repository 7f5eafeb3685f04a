/** The app of these benches, which the children of a pool load too. Broker and result store are in the environment, as Celery names them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type App, createApp } from "../../index.ts";

/** Where the children of a pool find the app. */
export const appModule: string = import.meta.filename;

export const app: App = createApp();

app.task("tasks.add", (x: number, y: number) => x + y);

/** Holds a core for about 20 ms. */
app.task("bench.spin", (rounds: number) => {
  let sum = 0;
  for (let at = 0; at < rounds * 10_000; at += 1) sum = (sum * 31 + at) % 1_000_003;
  return sum;
});

app.task("bench.wait", (seconds: number) => sleep(seconds * 1000, null));
