import { expect, test } from "vitest";

// The pages' own modules, which have no types.
const load = (name: string): Promise<unknown> =>
  import(new URL(`../../gateway/dashboard/${name}`, import.meta.url).href);
const { explainState } = (await load("explain.js")) as { readonly explainState: (task: object) => string };
const { toneOf } = (await load("dom.js")) as { readonly toneOf: (state: string) => string };

const OF_ITS_OWN = explainState({ state: "UPLOADING" });

test.each([
  ["SCHEDULED", "waiting"],
  ["PENDING", "waiting"],
  ["LOST", "bad"],
  ["RETRY", "retrying"],
  ["REVOKED", "gone"],
])("%s has words and a colour of its own", (state, tone) => {
  expect(explainState({ state })).not.toBe(OF_ITS_OWN);
  expect(toneOf(state)).toBe(tone);
});

test("a task that is held says until when", () => {
  const eta = "2099-01-01T00:00:00Z";
  expect(explainState({ state: "SCHEDULED", eta })).toContain(new Date(eta).toLocaleString());
});
