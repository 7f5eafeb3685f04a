/** Calls of Flower's API, with what Flower 2.2 and this project answer: the table of docs/flower.md. */

/** One of the two servers that are compared, and the tasks that it has sent. */
export interface Side {
  readonly url: string;
  /** Ids of a task that succeeded, one that failed and one that waits. */
  readonly good: string;
  readonly bad: string;
  readonly worker: string;
}

export interface FlowerCall {
  readonly method: "GET" | "POST";
  /** As the table shows it; `{good}`, `{bad}` and `{worker}` are the side's. */
  readonly path: string;
  /** JSON, or text that goes as a form. */
  readonly body?: unknown;
  /** As the table shows it. Default: the body as JSON. */
  readonly shown?: string;
  readonly flower: number;
  readonly here: number;
  /** Why the two differ, or what is worth knowing. */
  readonly note?: string;
  /** What of the answers is compared; default: the shape of JSON, or an error's text, when the statuses are the same. */
  readonly compare?: "values" | "nothing";
}

const start = (
  path: string,
  body: unknown,
  [flower, here]: readonly [number, number],
  note?: string,
  more: Partial<FlowerCall> = {},
): FlowerCall => ({
  method: "POST",
  path: `/api/task/${path}`,
  body,
  flower,
  here,
  ...(note === undefined ? {} : { note }),
  ...more,
});
const get = (path: string, status: number, more: Partial<FlowerCall> = {}): FlowerCall => ({
  method: "GET",
  path,
  flower: status,
  here: status,
  ...more,
});
const order = (path: string, status: number, more: Partial<FlowerCall> = {}): FlowerCall => ({
  method: "POST",
  path,
  flower: status,
  here: status,
  ...more,
});

const ADD = "async-apply/examples.add";
const args = [2, 3];
const LIMIT_FORM = "workername={worker}&ratelimit=200";

export const FLOWER_CALLS: readonly FlowerCall[] = [
  start(ADD, { args }, [200, 200]),
  start(ADD, { kwargs: { x: 2, y: 3 } }, [200, 200]),
  start("async-apply/py.echo", undefined, [200, 200]),
  start(ADD, { args, countdown: "0", expires: "3600", queue: "celery" }, [200, 200]),
  start(ADD, { args, eta: "2020-01-02 03:04:05.0" }, [200, 200], "in the app's time zone"),
  start(ADD, { args, eta: "2020-01-02T03:04:05Z" }, [400, 200], "RFC 3339 with an offset is taken, too"),
  start(ADD, { args, eta: "next tuesday" }, [400, 400]),
  start(ADD, { args, countdown: "soon" }, [400, 400]),
  start(ADD, { args: 5 }, [400, 400]),
  start(ADD, [], [400, 400]),
  start(ADD, "{", [400, 400], "", {
    shown: "`{`",
    compare: "nothing",
    note: "a problem document says where",
  }),
  start("async-apply/no.such", { args }, [404, 404], "here: no worker that ever answered has it"),
  start("send-task/examples.add", { args }, [200, 200]),
  start("send-task/no.such", { args }, [200, 200]),
  start("send-task/examples.add", { args, eta: "next tuesday" }, [200, 400], "Flower's task is lost"),
  start("send-task/examples.add", { args, countdown: "0" }, [500, 200]),
  start(ADD, { args, headers: { x: "y" } }, [200, 422], "headers can name another task to run"),
  start(ADD, { args, serializer: "json" }, [200, 422], "`pickle` would be taken as well"),
  start(ADD, { args, task_id: "mine" }, [200, 422], "ids are the gateway's, so that none runs twice"),
  start("send-task/celery.accumulate", { args }, [200, 422], "Celery's own tasks are not for callers"),
  start("send-task/a%20b", { args }, [200, 422], "no name of a task"),
  start(
    "async-apply/py.echo",
    { args: [{ __type__: "datetime", __value__: "2020-01-02T03:04:05" }] },
    [200, 422],
    "a worker would make another type of it",
  ),
  start("async-apply/py.echo", { args: ["x".repeat(2 ** 21)] }, [200, 413], "limit `bodyBytes`, 1 MiB", {
    shown: "2 MiB",
  }),
  start("apply/examples.add", { args }, [200, 200], undefined, { compare: "nothing" }),
  start(
    "apply/examples.fail",
    { args: ["no"] },
    [200, 200],
    "`traceback` is null unless `allowTraceback` is set",
  ),
  start(
    "apply/py.sleep",
    { args: [3], timeout: 0.5 },
    [200, 200],
    "waits `waitMaxSeconds` at most, and holds no thread",
  ),
  start("apply/examples.add", { args, timeout: "long" }, [400, 400]),
  start("apply/no.such", { args }, [404, 404]),

  get("/api/task/result/{good}", 200),
  get("/api/task/result/{bad}", 200),
  get("/api/task/result/{good}?timeout=5", 200),
  get("/api/task/result/never-sent", 200, { note: "PENDING is also said of ids that nobody sent" }),
  get("/api/task/result/{good}?timeout=long", 400),
  order("/api/task/abort/some-task", 200),
  order("/api/task/revoke/some-task", 200, { note: "any id" }),
  order("/api/task/revoke/some-task?terminate=true&signal=SIGKILL", 200),
  order("/api/task/revoke/some-task?signal=SIGNO", 200, {
    here: 400,
    note: "Flower's workers refuse it in silence",
  }),

  get("/api/task/info/{good}", 200),
  get("/api/task/info/never-sent", 404),
  get("/api/task/types", 200, { compare: "values" }),
  get("/api/tasks", 200, {
    note: "since the gateway listens: `watchWorkers`; 10,000 tasks",
    compare: "values",
  }),
  get("/api/tasks?limit=2&offset=1", 200, { compare: "values" }),
  get("/api/tasks?sort_by=name&taskname=examples.add", 200, { compare: "values" }),
  get("/api/tasks?sort_by=-received&limit=3", 200, { compare: "values" }),
  get("/api/tasks?state=FAILURE&workername={worker}", 200, { compare: "values" }),
  get("/api/tasks?workername=All&received_start=2020-01-02%2003:04", 200, { compare: "values" }),
  get("/api/tasks?received_end=2020-01-02%2003:04", 200, { compare: "values" }),
  get("/api/tasks?search=fail%20OR%20kwargs:x=2", 200, { compare: "values" }),
  get("/api/tasks?search=(name:add%20result:5", 400),
  get("/api/tasks?search=ab", 400),
  get("/api/tasks?sort_by=size", 400),
  get("/api/tasks?limit=many", 400),
  get("/api/tasks?received_start=yesterday", 400),

  get("/api/workers?refresh=true", 200),
  get("/api/workers", 200, { note: "here at most 3 s old without `refresh`, too" }),
  get("/api/workers?status=1", 200, { compare: "values" }),
  get("/api/workers?refresh=1&workername={worker}", 200),
  get("/api/workers?workername=nobody@host", 404),
  get("/api/workers?refresh=maybe", 400),
  get("/api/queues/length", 200, {
    compare: "values",
    note: "RabbitMQ, too: name and length, without its management plugin",
  }),

  order("/api/worker/pool/grow/{worker}?n=2", 200),
  order("/api/worker/pool/shrink/{worker}?n=2", 200),
  order("/api/worker/pool/grow/{worker}?n=two", 400),
  order("/api/worker/pool/grow/{worker}?n=-1", 200, { here: 400 }),
  order("/api/worker/pool/grow/nobody@host", 404),
  order("/api/worker/pool/autoscale/{worker}?min=1&max=3", 403, { note: "this worker has no autoscaler" }),
  order("/api/worker/pool/autoscale/{worker}?min=1", 400),
  order("/api/worker/queue/add-consumer/{worker}?queue=extra", 200),
  order("/api/worker/queue/cancel-consumer/{worker}?queue=extra", 200),
  order("/api/worker/queue/add-consumer/{worker}", 400),
  order("/api/worker/pool/restart/{worker}", 200),
  order("/api/task/rate-limit/examples.add", 200, { body: LIMIT_FORM, shown: "form" }),
  order("/api/task/rate-limit/examples.add?ratelimit=often&workername={worker}", 403),
  order("/api/task/rate-limit/examples.add?ratelimit=1", 400),
  order("/api/task/rate-limit/no.such?ratelimit=1&workername={worker}", 404),
  order("/api/task/timeout/examples.add?workername={worker}&soft=5&hard=9.5", 200),
  order("/api/task/timeout/examples.add?workername=nobody@host", 404),
  order("/api/task/timeout/examples.add?workername={worker}&soft=long", 400),
  get("/api/task/apply/examples.add", 405, { compare: "nothing" }),
  order("/api/worker/shutdown/nobody@host", 404),
  order("/api/worker/shutdown/{worker}", 200),
];

/** The rows of the table in docs/flower.md. */
export function callsTable(): string {
  const rows = FLOWER_CALLS.map((call) => {
    const body = call.shown ?? (call.body === undefined ? "" : `\`${JSON.stringify(call.body)}\``);
    const cells = [
      `\`${call.method} ${call.path.replaceAll("|", "\\|")}\``,
      body,
      call.flower,
      call.here,
      call.note ?? "",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return ["| call | body | Flower | here | |", "|---|---|---|---|---|", ...rows].join("\n");
}
