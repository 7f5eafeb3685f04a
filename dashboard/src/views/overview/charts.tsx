import type { JSX } from "preact";
import type { StatsDocument, StatsPoint } from "../../lib/documents.ts";
import { plural } from "../../lib/format.ts";
import { Chart, type Curve } from "../../parts/chart.tsx";
import { Panel } from "../../parts/page.tsx";
import { latestP95, shortCount, shortSeconds, sumsOf } from "./sums.ts";

/** Curves of what happened in each step. */
export function Charts({
  stats: { points, step_seconds: step },
}: {
  readonly stats: StatsDocument;
}): JSX.Element {
  const times = points.map(({ at }) => Date.parse(at) / 1000);
  const { accepted, succeeded, failed, retried } = sumsOf(points);
  const each = step === 60 ? "a minute" : `in ${step < 3600 ? `${step / 60} minutes` : `${step / 3600} h`}`;
  const perStep = (
    label: string,
    tone: Curve["tone"],
    name: "accepted" | "succeeded" | "failed" | "retried",
  ): Curve => ({
    label,
    tone,
    values: points.map((point) => point[name]),
  });
  return (
    <div class="overview-charts">
      <Panel title={`Tasks ${each}`}>
        <Chart
          label={`Tasks over time: ${plural(accepted, "was accepted", "were accepted")}, ${plural(succeeded, "succeeded", "succeeded")}`}
          times={times}
          curves={[perStep("Accepted", "running", "accepted"), perStep("Succeeded", "good", "succeeded")]}
          format={shortCount}
        />
      </Panel>
      <Panel title={`Failures ${each}`}>
        <Chart
          label={`Failures over time: ${plural(failed, "failed", "failed")}, ${plural(retried, "retry", "retries")}`}
          times={times}
          curves={[perStep("Failed", "bad", "failed"), perStep("Retried", "retrying", "retried")]}
          format={shortCount}
        />
      </Panel>
      <Percentiles title="Wait until they start" of="wait" times={times} points={points} />
      <Percentiles title="Runtime" of="runtime" times={times} points={points} />
    </div>
  );
}

function Percentiles({
  title,
  of,
  times,
  points,
}: {
  readonly title: string;
  readonly of: "wait" | "runtime";
  readonly times: readonly number[];
  readonly points: readonly StatsPoint[];
}): JSX.Element {
  const p95 = latestP95(points, of);
  const curve = (label: "p50" | "p95" | "p99", tone: Curve["tone"]): Curve => ({
    label,
    tone,
    values: points.map((point) => point[of][label]),
  });
  return (
    <Panel title={title}>
      <Chart
        label={`${title}, percentiles over time${p95 === undefined ? "" : `: lately p95 ${shortSeconds(p95)}`}`}
        times={times}
        curves={[curve("p50", "good"), curve("p95", "retrying"), curve("p99", "bad")]}
        format={shortSeconds}
      />
    </Panel>
  );
}
