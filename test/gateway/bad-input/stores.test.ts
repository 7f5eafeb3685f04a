import { expect, it } from "vitest";
import { testApp } from "../../helpers/worker.ts";

/** Stores whose keys or file names an id could break out of. */
async function refusal(resultBackend: string): Promise<unknown> {
  try {
    return await testApp({ resultBackend }).backend();
  } catch (error) {
    return error;
  }
}

it("file:// is no place for results", async () => {
  expect(await refusal("file:///tmp/results")).toMatchObject({ name: "ConfigurationError" });
});

it("cache+memcached:// is no place for results", async () => {
  expect(await refusal("cache+memcached://127.0.0.1:11211/")).toMatchObject({ name: "ConfigurationError" });
});
