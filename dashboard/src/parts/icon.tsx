/** Line icons on a grid of 20. */
import type { JSX } from "preact";

const PATHS = {
  overview: "M3 10h3l2.5-6 4 12L15 10h2",
  tasks: "M7 5h10M7 10h10M7 15h10M3.2 5h.6M3.2 10h.6M3.2 15h.6",
  queues: "M3 5h14v3.5H3zM3 11.5h14V15H3z",
  workers: "M4 4h12v5H4zM4 11h12v5H4zM7 6.5h.1M7 13.5h.1",
  schedules: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6.5V10l2.5 1.5",
  letters: "M3 5h14v10H3zM3 5.5l7 5.5 7-5.5",
  webhooks:
    "M8 12a3.5 3.5 0 0 1 0-5l2-2a3.5 3.5 0 0 1 5 5l-1 1M12 8a3.5 3.5 0 0 1 0 5l-2 2a3.5 3.5 0 0 1-5-5l1-1",
  send: "M3 10l14-6-5 13-3-5.5zM9 11.5L17 4",
  key: "M12.5 3.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM9.5 10.5L3.5 16.5v-2.5M6 14l1.5 1.5",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4",
  light:
    "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1 1M14.7 14.7l1 1M4.3 15.7l1-1M14.7 5.3l1-1",
  dark: "M16 12a6.5 6.5 0 0 1-8-8 6.5 6.5 0 1 0 8 8z",
  auto: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 3v14M13 4v12M15.5 6v8",
  help: "M7.5 7.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M10 14.5h.1",
  more: "M4 10h.1M10 10h.1M16 10h.1",
  close: "M5 5l10 10M15 5L5 15",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  back: "M12 4l-6 6 6 6",
  next: "M8 4l6 6-6 6",
  up: "M5 11l5-5 5 5M10 6v10",
  retry: "M4 10a6 6 0 1 1 2 4.5M4 15v-3.5h3.5",
  warning: "M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.3h.1",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside a text that says the same: screen readers skip it. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
