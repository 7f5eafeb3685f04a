import type { JSX } from "preact";
import type { Tone } from "../lib/states.ts";

/** A small curve of numbers, without axes. null is a gap. `label` says what it shows, for screen readers. */
export function Sparkline({
  values,
  label,
  tone = "quiet",
  width = 120,
  height = 28,
}: {
  readonly values: readonly (number | null)[];
  readonly label: string;
  readonly tone?: Tone;
  readonly width?: number;
  readonly height?: number;
}): JSX.Element {
  const max = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let d = "";
  let isDrawing = false;
  for (const [at, value] of values.entries()) {
    if (value !== null) {
      const y = height - 2 - (value / max) * (height - 4);
      d += `${isDrawing ? "L" : "M"}${(at * step).toFixed(1)} ${y.toFixed(1)}`;
    }
    isDrawing = value !== null;
  }
  return (
    <svg
      class={`sparkline ${tone}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <path d={d} />
    </svg>
  );
}
