/** Sends the chord and waits for its result. */
import { chord } from "celerity";
import { app, describe, extremes } from "./tasks.ts";

const times = [212, 187, 240, 1410, 205, 198];

const median = app.taskRef<[times: readonly number[]], number>("python.median");
const deviation = app.taskRef<[times: readonly number[]], number>("python.deviation");

const canvas = chord([median.s(times), deviation.s(times), extremes.s(times)], describe.s());
const result = await canvas.delay();
console.log(await result.get({ timeoutMs: 60_000 }));
await app.close();
