/** The values of conformance/vectors/pickles.json, by name; scripts/python/pickle_samples.py has them in Python. */
import { Temporal } from "temporal-polyfill";
import {
  ByteArray,
  Decimal,
  DefaultDict,
  FrozenSet,
  float,
  OrderedDict,
  PickledObject,
  PythonError,
  type Signature,
  setOwn,
  signature,
  tuple,
  Uuid,
} from "../../protocol/index.ts";

const moment = Temporal.PlainDateTime.from("2024-11-21T00:02:22.000007");
const twice = Temporal.PlainDateTime.from("2024-10-27T02:30").toZonedDateTime("Europe/Warsaw");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const duration = (parts: Temporal.DurationLike): Temporal.Duration => Temporal.Duration.from(parts);
const offset = (seconds: number): PickledObject =>
  new PickledObject("datetime", "timezone", [duration({ seconds }).round({ largestUnit: "days" })]);
const fileError = (type: string): PythonError => new PythonError(type, [2, "No such file", "x"]);

function proto(): object {
  const object = { a: 1 };
  setOwn(object, "__proto__", 2);
  return object;
}

function canvas(kind: string, kwargs: Record<string, unknown>): Signature {
  return { ...signature(`celery.${kind}`, tuple() as unknown[], kwargs), subtask_type: kind };
}

const call = (task: string, ...args: unknown[]): Signature => signature(task, tuple(...args));
const boom = new PythonError("Boom", ["a", 1], "vector_app");

export const PICKLED: Readonly<Record<string, unknown>> = {
  none: null,
  booleans: [true, false],
  ints: [0, 1, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -1, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53) + 1],
  "wide ints": [2n ** 53n, 2n ** 64n, -(2n ** 64n), -(2n ** 100n), 2n ** 1023n, -(2n ** 2040n)],
  floats: [
    float(0),
    -0,
    float(1),
    1.5,
    1e300,
    5e-324,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ],
  text: ["", "ascii", "zażółć \u{1f600}", "\\u0041 \\ '\"", "\n\r\t\0", "x".repeat(300), "\ud800"],
  bytes: [bytes(""), bytes("hi"), everyByte, bytes("x".repeat(300))],
  bytearray: [new ByteArray(), ByteArray.from(bytes("hi")), ByteArray.from(everyByte)],
  lists: [[], [1], [1, [2, [3]]]],
  tuples: [
    tuple(),
    tuple(1),
    tuple(1, 2),
    tuple(1, 2, 3),
    tuple(1, 2, 3, 4),
    tuple<unknown>(tuple(1, 2), [3]),
  ],
  sets: [new Set(), new Set([1, "a"]), new FrozenSet(), new FrozenSet([tuple(1, 2)])],
  dicts: [
    {},
    proto(),
    new Map<unknown, unknown>([
      [1, "a"],
      [tuple(2, 3), "b"],
      [null, "c"],
      [bytes("k"), "d"],
    ]),
  ],
  shared: [["s"], ["s"], ["s"]],
  OrderedDict: [
    new OrderedDict(),
    new OrderedDict<unknown, unknown>([
      ["b", 1],
      ["a", 2],
      [3, 4],
    ]),
  ],
  defaultdict: [new DefaultDict("list", [["a", [1]]]), new DefaultDict(null, [["a", 1]])],
  deque: [
    new PickledObject("collections", "deque", [[1, 2]]),
    new PickledObject("collections", "deque", [[1], 3]),
  ],
  complex: new PickledObject("builtins", "complex", [float(0), float(1)]),
  range: new PickledObject("builtins", "range", [0, 10, 3]),
  types: ["int", "list", "ValueError", "Ellipsis"].map((name) => new PickledObject("builtins", name)),

  datetime: [
    moment,
    Temporal.PlainDateTime.from("0001-01-01T00:00"),
    Temporal.PlainDateTime.from("9999-12-31T23:59:59.999999"),
  ],
  "datetime with an offset": ["+00:00", "+05:30", "-01:30"].map((zone) => moment.toZonedDateTime(zone)),
  "datetime with an offset of seconds": new PickledObject("datetime", "datetime", [
    Uint8Array.of(0x07, 0xe8, 11, 21, 0, 2, 22, 0, 0, 7),
    offset(5047),
  ]),
  "datetime in a zone": [
    moment.toZonedDateTime("UTC"),
    moment.toZonedDateTime("Europe/Warsaw"),
    twice,
    twice.add({ hours: 1 }),
    Temporal.PlainDateTime.from("1880-01-01T00:00").toZonedDateTime("Europe/Warsaw"),
  ],
  date: ["2024-02-29", "0001-01-01", "9999-12-31"].map((text) => Temporal.PlainDate.from(text)),
  time: ["01:02:03.000004", "00:00", "23:59:59.999999"].map((text) => Temporal.PlainTime.from(text)),
  "time with an offset": new PickledObject("datetime", "time", [Uint8Array.of(1, 2, 0, 0, 0, 0), offset(0)]),
  timedelta: [
    duration({ minutes: 1 }),
    duration({ minutes: -1 }),
    duration({ days: 1, seconds: 2, microseconds: 3 }),
    duration({ days: -999_999_999 }),
    duration({ days: 999_999_999, seconds: 86_399, microseconds: 999_999 }),
  ],
  zones: [offset(0), offset(5400), new PickledObject("zoneinfo", "ZoneInfo", ["Europe/Warsaw"])],
  Decimal: ["1.10", "-0", "1E+3", "NaN", "-Infinity"].map((text) => new Decimal(text)),
  UUID: [new Uuid("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"), new Uuid("00000000-0000-0000-0000-000000000000")],

  ValueError: new PythonError("ValueError", ["bad", 42]),
  KeyError: new PythonError("KeyError", ["k"]),
  FileNotFoundError: fileError("FileNotFoundError"),
  UnicodeDecodeError: new PythonError("UnicodeDecodeError", ["utf-8", Uint8Array.of(0xff), 0, 1, "bad"]),
  "exception in an exception": new PythonError("RuntimeError", [new PythonError("ValueError", ["inner"])]),
  Retry: new PythonError("Retry", ["msg", new PythonError("KeyError", ["x"]), 3], "celery.exceptions"),
  MaxRetriesExceededError: new PythonError("MaxRetriesExceededError", ["m"], "celery.exceptions", {
    task_args: tuple(1),
    task_kwargs: {},
  }),
  Reject: new PythonError("Reject", ["r", true], "celery.exceptions", { reason: "r", requeue: true }),
  Ignore: new PythonError("Ignore", [], "celery.exceptions"),
  TaskRevokedError: new PythonError("TaskRevokedError", ["revoked"], "celery.exceptions"),
  NotRegistered: new PythonError("NotRegistered", ["x.y"], "celery.exceptions"),
  ChordError: new PythonError("ChordError", ["c"], "celery.exceptions"),
  TimeLimitExceeded: new PythonError("TimeLimitExceeded", [3], "billiard.exceptions"),
  SoftTimeLimitExceeded: new PythonError("SoftTimeLimitExceeded", [], "billiard.exceptions"),
  WorkerLostError: new PythonError("WorkerLostError", ["lost", 9], "billiard.exceptions"),
  Terminated: new PythonError("Terminated", [15], "billiard.exceptions"),
  "an exception of the application": new PickledObject("vector_app", "Boom", ["a", 1]),
  "an exception that cannot be built again": new PythonError("Unpicklable", ["no-pickle 1"], "vector_app"),
  "a failure of the application": { status: "FAILURE", result: boom, task_id: "y" },

  signature: { ...call("wire.add", 1, 2), options: { queue: "q" } },
  group: canvas("group", { tasks: tuple(call("wire.add", 1, 1), call("wire.add", 2, 2)) }),
  chain: canvas("chain", { tasks: [call("wire.add", 1, 1), call("wire.add", 2)] }),
  chord: canvas("chord", { kwargs: {}, header: [call("wire.add", 1, 1)], body: call("wire.xsum") }),
  result: [["child", [["parent", null], null]], null],
  "group of results": [
    ["gid", null],
    [
      [["a", null], null],
      [["parent", null], null],
    ],
  ],
  "task message": tuple<unknown>(
    tuple(2, 2),
    {},
    { callbacks: [call("wire.add")], errbacks: null, chain: null, chord: null },
  ),
  "result document": {
    status: "SUCCESS",
    result: new Set([1, 2]),
    traceback: null,
    children: [],
    task_id: "y",
  },
};

/** What Python itself loses in older protocols: by name, with the first protocol that keeps it. */
export const LOST: Readonly<Record<string, readonly [since: number, value: unknown]>> = {
  // Python 2 has no such class.
  FileNotFoundError: [3, fileError("OSError")],
  // Which of two equal wall times it is.
  "datetime in a zone": [
    4,
    [
      moment.toZonedDateTime("UTC"),
      moment.toZonedDateTime("Europe/Warsaw"),
      twice,
      twice,
      Temporal.PlainDateTime.from("1880-01-01T00:00").toZonedDateTime("Europe/Warsaw"),
    ],
  ],
};
