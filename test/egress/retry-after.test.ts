import { expect, test } from "vitest";
import { readRetryAfter } from "../../egress/index.ts";

const NOW = Date.UTC(2026, 0, 1);

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5000],
  ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["-1", undefined],
  ["1.5", undefined],
  ["soon", undefined],
  ["", undefined],
  ["2026", 2_026_000],
  ["1e9", undefined],
  ["9".repeat(30), undefined],
  [undefined, undefined],
])("Retry-After: %s", (value, milliseconds) => {
  expect(readRetryAfter(value, NOW)).toBe(milliseconds);
});
