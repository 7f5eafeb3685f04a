/** Values that JSON lacks, as Python and TypeScript have them. */
import { Temporal } from "temporal-polyfill";
import { Decimal, Uuid } from "../../protocol/index.ts";

/** Python values as source text, and their TypeScript twins. */
export const TYPED: readonly (readonly [python: string, type: string, twin: unknown])[] = [
  [
    "datetime.datetime(2024, 2, 29, 12, 0, 1, 5)",
    "datetime.datetime",
    Temporal.PlainDateTime.from("2024-02-29T12:00:01.000005"),
  ],
  [
    "datetime.datetime(2024, 2, 29, 12, 0, 1, tzinfo=datetime.timezone.utc)",
    "datetime.datetime",
    Temporal.ZonedDateTime.from("2024-02-29T12:00:01+00:00[+00:00]"),
  ],
  [
    "datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))",
    "datetime.datetime",
    Temporal.ZonedDateTime.from("0001-01-01T00:00:00+05:30[+05:30]"),
  ],
  ["datetime.date(2024, 2, 29)", "datetime.date", Temporal.PlainDate.from("2024-02-29")],
  ["datetime.time(1, 2, 3, 4)", "datetime.time", Temporal.PlainTime.from("01:02:03.000004")],
  ["decimal.Decimal('1.10')", "decimal.Decimal", new Decimal("1.10")],
  ["decimal.Decimal('-1E+400')", "decimal.Decimal", new Decimal("-1E+400")],
  [
    "uuid.UUID('7d4e36d7-6f6e-4d7e-9f3f-0a1b2c3d4e5f')",
    "uuid.UUID",
    new Uuid("7d4e36d7-6f6e-4d7e-9f3f-0a1b2c3d4e5f"),
  ],
  ["b'text'", "bytes", Buffer.from("text")],
  ["b'\\xff\\x00'", "bytes", Buffer.from([255, 0])],
  ["2**70", "int", 2n ** 70n],
  ["-(2**53) - 1", "int", -(2n ** 53n) - 1n],
  ["1.5", "float", 1.5],
  ["-0.0", "float", -0],
  ["float('nan')", "float", Number.NaN],
  ["float('-inf')", "float", Number.NEGATIVE_INFINITY],
  ["'\\U0001f600 \\u2028 \\x00'", "str", "\u{1f600} \u2028 \u0000"],
];

/** What a value is and what it holds, for comparing: two Temporal objects are equal to toEqual() whatever they hold. */
export function described(value: unknown): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
  return `${Object.prototype.toString.call(value)} ${text}`;
}
