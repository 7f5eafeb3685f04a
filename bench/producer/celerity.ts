/** Sends with Celerity's app. */
import { createApp } from "../../index.ts";
import { inFlight, readInput, report, Stopwatch } from "../lib/child.ts";
import type { ProducerInput } from "./bench.ts";

const { broker, count, warmUp, lanes } = readInput<ProducerInput>();
const app = createApp({ env: {}, brokerUrl: broker });
const send = (): Promise<unknown> => app.sendTask("tasks.add", { args: [2, 3] });

await inFlight(warmUp, lanes, send);
const watch = new Stopwatch();
await inFlight(count, lanes, send);
report(watch.rate(count));
await app.close();
