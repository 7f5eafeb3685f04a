/** A task that kills its process, for retry-lost.test.ts: the app is loaded by the pool's processes too. */
import { type App, createApp } from "../../app/index.ts";

export const app: App = createApp({
  env: {},
  brokerUrl: "memory://retry-lost",
  resultBackend: "cache+memory://retry-lost",
  taskRetryOnWorkerLost: true,
  onWarning: () => undefined,
});
const die = (): boolean => process.kill(process.pid, "SIGKILL");
app.task("die", { maxRetries: 2, defaultRetryDelay: 0 }, die);
app.task("die.late", { acksLate: true, maxRetries: 0 }, die);
app.task("die.again", { retryOnWorkerLost: false, rejectOnWorkerLost: false }, die);
