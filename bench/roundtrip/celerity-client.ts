/** Calls with Celerity's app, one call after another. */
import { createApp } from "../../index.ts";
import { latencies, readInput, report } from "../lib/child.ts";
import type { RoundtripInput } from "./bench.ts";

const { broker, results, count, warmUp } = readInput<RoundtripInput>();
const app = createApp({ env: {}, brokerUrl: broker, resultBackend: results });
const call = (): Promise<number> => app.call<number>("tasks.add", { args: [2, 3], timeoutMs: 10_000 });

report(await latencies(count, warmUp, call));
await app.close();
