/** All views. A new one is a file in views/ and a line here. */
import type { ComponentType } from "preact";
import type { IconName } from "./parts/icon.tsx";
import { match, type Place } from "./router.ts";
import type { ViewProps } from "./view.ts";
import { DeadLetterView } from "./views/dead-letters/dead-letter.tsx";
import { DeadLettersView } from "./views/dead-letters/dead-letters.tsx";
import { EndpointView } from "./views/endpoint/endpoint.tsx";
import { KeyView } from "./views/key/key.tsx";
import { NotFoundView } from "./views/not-found/not-found.tsx";
import { OverviewView } from "./views/overview/overview.tsx";
import { QueuesView } from "./views/queues/queues.tsx";
import { NewScheduleView, ScheduleView } from "./views/schedules/schedule.tsx";
import { SchedulesView } from "./views/schedules/schedules.tsx";
import { SendView } from "./views/send/send.tsx";
import { TaskView } from "./views/task/task.tsx";
import { TasksView } from "./views/tasks/tasks.tsx";
import { IncomingDeliveryView } from "./views/webhooks/incoming-delivery.tsx";
import { OutgoingDeliveryView } from "./views/webhooks/outgoing-delivery.tsx";
import { WebhooksView } from "./views/webhooks/webhooks.tsx";
import { WorkerView } from "./views/worker/worker.tsx";
import { WorkersView } from "./views/workers/workers.tsx";
import { WorkflowView } from "./views/workflow/workflow.tsx";

/** A view in the navigation. */
export interface NavEntry {
  readonly label: string;
  readonly icon: IconName;
  /** Pressed after `g`. */
  readonly key: string;
  /** In the bar of a phone, which has room for four. */
  readonly isFirst?: boolean;
}

export interface RouteSpec {
  /** Of the address behind `#/`; `:id` stands for any segment. */
  readonly pattern: string;
  readonly view: ComponentType<ViewProps>;
  readonly nav?: NavEntry;
  /** The pattern of the entry of the navigation that this view belongs to. */
  readonly parent?: string;
  /** The view fills the window and scrolls within. */
  readonly isFull?: boolean;
}

export const ROUTES: readonly RouteSpec[] = [
  {
    pattern: "",
    view: OverviewView,
    nav: { label: "Overview", icon: "overview", key: "o", isFirst: true },
  },
  {
    pattern: "tasks",
    view: TasksView,
    nav: { label: "Tasks", icon: "tasks", key: "t", isFirst: true },
    isFull: true,
  },
  { pattern: "tasks/:id", view: TaskView, parent: "tasks" },
  { pattern: "workflows/:id", view: WorkflowView, parent: "tasks" },
  {
    pattern: "queues",
    view: QueuesView,
    nav: { label: "Queues", icon: "queues", key: "q", isFirst: true },
  },
  {
    pattern: "workers",
    view: WorkersView,
    nav: { label: "Workers", icon: "workers", key: "w", isFirst: true },
  },
  { pattern: "workers/:name", view: WorkerView, parent: "workers" },
  { pattern: "schedules", view: SchedulesView, nav: { label: "Schedules", icon: "schedules", key: "s" } },
  { pattern: "schedules/:name", view: ScheduleView, parent: "schedules" },
  { pattern: "new-schedule", view: NewScheduleView, parent: "schedules" },
  {
    pattern: "dead-letters",
    view: DeadLettersView,
    nav: { label: "Dead letters", icon: "letters", key: "d" },
  },
  { pattern: "dead-letters/:queue/:id", view: DeadLetterView, parent: "dead-letters" },
  { pattern: "webhooks", view: WebhooksView, nav: { label: "Webhooks", icon: "webhooks", key: "h" } },
  { pattern: "webhooks/:name", view: EndpointView, parent: "webhooks" },
  { pattern: "webhooks/in/:hook/:id", view: IncomingDeliveryView, parent: "webhooks" },
  { pattern: "webhooks/out/:id", view: OutgoingDeliveryView, parent: "webhooks" },
  { pattern: "send", view: SendView, nav: { label: "Send a task", icon: "send", key: "n" } },
  { pattern: "key", view: KeyView, nav: { label: "API key", icon: "key", key: "k" } },
];

const NOT_FOUND: RouteSpec = { pattern: "*", view: NotFoundView };

/** The view of a place, with its parameters. */
export function findRoute({ segments }: Place): {
  readonly route: RouteSpec;
  readonly params: Readonly<Record<string, string>>;
} {
  for (const route of ROUTES) {
    const params = match(route.pattern, segments);
    if (params !== undefined) return { route, params };
  }
  return { route: NOT_FOUND, params: {} };
}
