/** The TypeScript half: JavaScript knows how people write numbers. */
import { type App, createApp, type Task } from "celerity";

export const app: App = createApp({ taskRoutes: { "python.*": "python", "node.*": "node" } });

type Extremes = readonly [shortest: number, longest: number];
type Parts = readonly [median: number, deviation: number, extremes: Extremes];

export const extremes: Task<[times: readonly number[]], Extremes> = app.task("node.extremes", (times) => [
  Math.min(...times),
  Math.max(...times),
]);

const { format } = new Intl.NumberFormat("en", {
  style: "unit",
  unit: "millisecond",
  maximumFractionDigits: 1,
});

/** The body: it gets the results of the header in the order in which that was composed, whoever ended first. */
export const describe: Task<[parts: Parts], string> = app.task(
  "node.describe",
  ([median, deviation, [shortest, longest]]) =>
    `median ${format(median)}, deviation ${format(deviation)}, from ${format(shortest)} to ${format(longest)}`,
);
