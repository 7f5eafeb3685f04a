import { Temporal } from "temporal-polyfill";
import { Decimal, type PlainObject, Uuid } from "../../protocol/index.ts";

/** The keyword arguments of the json messages in conformance/vectors/tasks.json; scripts/python/record_vectors.py has them in Python. */
export const RECORDED_RICH: PlainObject = {
  dt: Temporal.PlainDateTime.from("2024-02-29T12:00:01.000005"),
  dtz: Temporal.ZonedDateTime.from("2024-02-29T12:00:01+00:00[+00:00]"),
  d: Temporal.PlainDate.from("2024-02-29"),
  t: Temporal.PlainTime.from("01:02:03.000004"),
  dec: new Decimal("1.10"),
  u: new Uuid("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"),
  b: Uint8Array.from(Buffer.from("hi")),
  b2: Uint8Array.of(0xff, 0x00, 0x80),
  uni: "zażółć 😀",
  big: 2n ** 70n,
  f: 1e300,
  neg0: -0,
  nested: [{ x: [1, [2]] }],
  none: null,
  true: true,
};

/** The same of the yaml and msgpack messages. */
export const RECORDED_PLAIN: PlainObject = { uni: "zażółć 😀", f: 1.5, n: null, l: [1, { a: "b" }], t: true };
