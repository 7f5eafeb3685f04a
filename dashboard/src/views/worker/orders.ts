/** What a worker can be told, as the forms ask for it. */

/** A field of a form. */
export interface OrderField {
  /** Of the request's body. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly initial?: string;
  readonly isNumber?: boolean;
  /** Empty means null, which takes a limit away. */
  readonly isOptional?: boolean;
  /** What is offered. */
  readonly offers?: "tasks" | "queues";
}

export interface WorkerOrder {
  /** The last part of the path. */
  readonly action: string;
  /** On the button that opens the form. */
  readonly label: string;
  readonly verb: string;
  /** What will happen. */
  readonly text: string;
  readonly fields: readonly OrderField[];
  readonly isDangerous?: boolean;
}

const slots: OrderField = { name: "n", label: "Processes or threads", initial: "1", isNumber: true };
const queue: OrderField = { name: "queue", label: "Queue", offers: "queues" };
const task: OrderField = { name: "task", label: "Task", offers: "tasks" };

export const WORKER_ORDERS: readonly WorkerOrder[] = [
  {
    action: "grow",
    label: "Grow",
    verb: "Grow",
    text: "Its pool gets room for more tasks at a time, until it ends. Not for pools of a fixed size, and not together with autoscaling.",
    fields: [slots],
  },
  {
    action: "shrink",
    label: "Shrink",
    verb: "Shrink",
    text: "Its pool gets smaller, until it ends; what runs is finished. Not for pools of a fixed size, and not together with autoscaling.",
    fields: [slots],
  },
  {
    action: "autoscale",
    label: "Autoscale",
    verb: "Set the range",
    text: "The range in which its pool grows and shrinks with the work. Only for workers that were started with --autoscale.",
    fields: [
      { name: "min", label: "At least", initial: "1", isNumber: true },
      { name: "max", label: "At most", initial: "4", isNumber: true },
    ],
  },
  {
    action: "add-consumer",
    label: "Add a queue",
    verb: "Add",
    text: "It takes from one queue more, until it ends.",
    fields: [queue],
  },
  {
    action: "cancel-consumer",
    label: "Cancel a queue",
    verb: "Cancel the queue",
    text: "It takes from one queue less, until it ends; what it has of it is finished.",
    fields: [queue],
  },
  {
    action: "rate-limit",
    label: "Rate limit",
    verb: "Limit",
    text: "How often a task starts in this worker.",
    fields: [
      task,
      { name: "rate", label: "Starts", hint: "10/s, 10/m or 10/h; empty for no limit", isOptional: true },
    ],
  },
  {
    action: "time-limit",
    label: "Time limits",
    verb: "Limit",
    text: "How long a task runs, from its next run on. Both limits are replaced.",
    fields: [
      task,
      {
        name: "soft",
        label: "Soft",
        hint: "Seconds until it is asked to end; empty for none",
        isNumber: true,
        isOptional: true,
      },
      {
        name: "hard",
        label: "Hard",
        hint: "Seconds until it is ended; empty for none",
        isNumber: true,
        isOptional: true,
      },
    ],
  },
  {
    action: "pool-restart",
    label: "Restart the pool",
    verb: "Restart",
    text: "Its processes are replaced, which reads the code of the tasks anew. It needs the setting worker_pool_restarts.",
    fields: [],
  },
  {
    action: "shutdown",
    label: "Shut down",
    verb: "Shut down",
    text: "It finishes the tasks that it runs, gives back the others, and ends. Nothing here starts it again.",
    fields: [],
    isDangerous: true,
  },
];

/** The request's body, of the fields' texts. */
export function orderBody({ fields }: WorkerOrder, texts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    fields.map(({ name, isNumber, isOptional }) => {
      const text = (texts[name] ?? "").trim();
      if (text === "" && isOptional) return [name, null];
      // What is no number goes as it is: the gateway says what is wrong with it.
      return [name, isNumber && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text];
    }),
  );
}
