/** What the gateway counts. Counting is an addition; what it looks like to Prometheus is made when somebody asks (registry.ts). */
import { BoundedNames } from "./bounded-names.ts";
import { Durations } from "./durations.ts";

/** How often something was answered. */
export interface AnswerCount {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  count: number;
}

/** Durations of the answers of one route. */
export interface RouteDurations {
  readonly method: string;
  readonly route: string;
  readonly durations: Durations;
}

export interface TaskCount {
  readonly task: string;
  readonly state: string;
  count: number;
}

/** Names of tasks, states and outcomes come from strangers: what is beyond these counts as `other`. */
const MAX_TASKS = 200;
const MAX_STATES = 30;
const MAX_OUTCOMES = 30;
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export class GatewayFacts {
  readonly answers: Map<string, AnswerCount> = new Map();
  readonly requests: Map<string, RouteDurations> = new Map();
  readonly submits: Durations = new Durations();
  readonly tasks: Map<string, TaskCount> = new Map();
  readonly webhookAttempts: Map<string, number> = new Map();
  readonly #taskNames = new BoundedNames(MAX_TASKS);
  readonly #stateNames = new BoundedNames(MAX_STATES);
  readonly #outcomes = new BoundedNames(MAX_OUTCOMES);

  /** A request is over; `route` is the pattern of its path. */
  answered(method: string, route: string, status: number, seconds: number): void {
    const known = METHODS.has(method) ? method : "other";
    const place = `${known} ${route}`;
    let durations = this.requests.get(place);
    if (durations === undefined) {
      durations = { method: known, route, durations: new Durations() };
      this.requests.set(place, durations);
    }
    durations.durations.add(seconds);
    const name = `${place} ${status}`;
    const answers = this.answers.get(name);
    if (answers === undefined) this.answers.set(name, { method: known, route, status, count: 1 });
    else answers.count += 1;
  }

  /** The broker has confirmed a task after so long. */
  submitted(seconds: number): void {
    this.submits.add(seconds);
  }

  /** A task was accepted, or seen in another state. */
  taskState(task: string, state: string): void {
    const [taskName, stateName] = [this.#taskNames.fit(task), this.#stateNames.fit(state)];
    const name = `${taskName} ${stateName}`;
    const tasks = this.tasks.get(name);
    if (tasks === undefined) this.tasks.set(name, { task: taskName, state: stateName, count: 1 });
    else tasks.count += 1;
  }

  /** A webhook was called; `outcome` is one of a few words. */
  webhookAttempt(outcome: string): void {
    const name = this.#outcomes.fit(outcome);
    this.webhookAttempts.set(name, (this.webhookAttempts.get(name) ?? 0) + 1);
  }
}
