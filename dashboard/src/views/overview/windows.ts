/** Stretches of time that the overview shows. */

export interface Window {
  /** In the address. */
  readonly id: string;
  readonly label: string;
  /** Parameters of `GET /v1/stats`. */
  readonly window: string;
  readonly step: string;
  /** How often it is read again at most, in milliseconds; undefined: it comes by itself. */
  readonly everyMs?: number;
}

export const DEFAULT_WINDOW: Window = { id: "1h", label: "1 h", window: "PT1H", step: "PT1M" };

export const WINDOWS: readonly Window[] = [
  { id: "15m", label: "15 min", window: "PT15M", step: "PT1M", everyMs: 2000 },
  DEFAULT_WINDOW,
  { id: "6h", label: "6 h", window: "PT6H", step: "PT5M", everyMs: 20_000 },
  { id: "24h", label: "24 h", window: "P1D", step: "PT20M", everyMs: 60_000 },
  { id: "7d", label: "7 d", window: "P7D", step: "PT2H", everyMs: 300_000 },
];
