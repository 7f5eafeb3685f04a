import type { HistoryEvent } from "../../lib/history.ts";

/** Events of one kind that follow each other, shown as the last of them. */
export interface EventGroup {
  readonly event: HistoryEvent;
  readonly count: number;
}

/** Many steps of progress are one line. */
export function groupEvents(events: readonly HistoryEvent[]): readonly EventGroup[] {
  const groups: EventGroup[] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (event.type === "progress" && last?.event.type === "progress")
      groups[groups.length - 1] = { event, count: last.count + 1 };
    else groups.push({ event, count: 1 });
  }
  return groups;
}
