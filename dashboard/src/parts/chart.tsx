import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AlignedData, Options, default as UPlot } from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Tone } from "../lib/states.ts";
import { useStore } from "../lib/store.ts";
import { themeState } from "../lib/theme.ts";

/** One curve. */
export interface Curve {
  readonly label: string;
  readonly tone: Tone;
  /** Of the same length as `times`; null is a gap. */
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
}

export interface ChartProps {
  /** For screen readers: what is shown, with the numbers that matter. */
  readonly label: string;
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly curves: readonly Curve[];
  readonly height?: number;
  /** A value, as the axis and the legend write it. */
  readonly format?: (value: number) => string;
}

/** Curves over time. The library is loaded when the first chart is drawn. */
export function Chart({ label, times, curves, height = 180, format = String }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const theme = useStore(themeState);
  const data = [times, ...curves.map(({ values }) => values)] as unknown as AlignedData;
  const shape = JSON.stringify([
    theme,
    height,
    curves.map(({ label, tone, isDashed }) => [label, tone, isDashed]),
  ]);
  const latest = useRef({ data, format, curves });
  latest.current = { data, format, curves };

  // The shape says when a new plot is needed.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let isGone = false;
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    void import("uplot").then(({ default: Plot }) => {
      if (isGone) return;
      const options = optionsOf(element, latest.current.curves, height, (value) =>
        latest.current.format(value),
      );
      plot.current = new Plot(options, latest.current.data, element);
      watch.observe(element);
    });
    return () => {
      isGone = true;
      watch.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(latest.current.data);
  });
  return <div class="chart" ref={place} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />;
}

function optionsOf(
  element: HTMLElement,
  curves: readonly Curve[],
  height: number,
  format: (value: number) => string,
): Options {
  const grid = { stroke: colourOf(element, "--line"), width: 1 };
  const axis = { stroke: colourOf(element, "--quiet"), grid, ticks: { show: false }, font: "11px system-ui" };
  return {
    width: element.clientWidth,
    height,
    cursor: { points: { size: 6 } },
    legend: { live: true },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [axis, { ...axis, size: 52, values: (_plot, values) => values.map((value) => format(value)) }],
    series: [
      {},
      ...curves.map(({ label, tone, isDashed }) => ({
        label,
        stroke: colourOf(element, `--${tone}`),
        width: 1.5,
        points: { show: false },
        ...(isDashed ? { dash: [4, 4] } : {}),
        value: (_plot: unknown, value: number | null) => (value === null ? "–" : format(value)),
      })),
    ],
  };
}

/** A colour of the theme as the canvas needs it. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
