import { afterAll, onTestFinished, TestRunner } from "vitest";

const atEndOfFile: (() => Promise<void>)[] = [];

// Registered while the test file loads, before its own hooks: hooks run in reverse, so this one is the last.
afterAll(async () => {
  for (const clean of atEndOfFile.reverse()) await clean();
});

/** Calls `clean` when the running test ends; outside of a test (`beforeAll`, top level) when the file ends. */
export function cleanUp(clean: () => Promise<void>): void {
  if (TestRunner.getCurrentTest()) onTestFinished(clean);
  else atEndOfFile.push(clean);
}
