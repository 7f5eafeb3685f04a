import { describe, expect, it } from "vitest";
import { readOptions, usage } from "../../faults/lib/options.ts";
import { FAULTS } from "../../faults/rows/index.ts";

const names = (...args: readonly string[]): readonly string[] | undefined =>
  readOptions(args, FAULTS)?.faults.map(({ name }) => name);

describe("the command line of the faults", () => {
  it("runs all rows, or those that are named in any case", () => {
    expect(names()).toEqual(FAULTS.map(({ name }) => name));
    expect(names("f1", "F5")).toEqual(["F1", "F5"]);
  });

  it("has a full size, a short one, and what is said counts", () => {
    expect(readOptions([], FAULTS)).toMatchObject({ tasks: 400, seconds: undefined });
    expect(readOptions(["--short"], FAULTS)).toMatchObject({ tasks: 80, seconds: 15 });
    expect(readOptions(["--short", "--tasks", "40"], FAULTS)).toMatchObject({ tasks: 40, seconds: 15 });
  });

  it.each([
    [["f99"], /There is no fault "f99"; there are F1,/],
    [["--broker", "kafka"], /--broker is one of rabbitmq, redis, sqlite/],
    [["--tasks", "0"], /--tasks must be a whole number of 20 or more/],
    [["--wrong"], /--wrong/],
  ])("refuses %j", (args, message) => {
    expect(() => readOptions(args, FAULTS)).toThrow(message);
  });

  it("names every row in its help", () => {
    expect(readOptions(["--help"], FAULTS)).toBeUndefined();
    for (const { name, what } of FAULTS) expect(usage(FAULTS)).toContain(`${name.padEnd(4)} ${what}`);
  });
});
