/** Faults planted one at a time in the answers of Celerity's adapter: each is caught by the vectors that name it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  commandOf,
  type Exchange,
  NO_ALLOWANCES,
  type Question,
  Session,
  verdictOf,
} from "../../conformance/index.ts";
import { CELERITY } from "./celerity.ts";
import type { AnswerMutant, Plant } from "./mutants/answer-mutant.ts";
import { MESSAGE_FAULTS } from "./mutants/message-faults.ts";
import { OPTION_FAULTS } from "./mutants/option-faults.ts";
import { READING_FAULTS } from "./mutants/reading-faults.ts";
import { VALUE_FAULTS } from "./mutants/value-faults.ts";
import { suite } from "./parrot.ts";

const TIMEOUT_MS = 60_000;
const session = new Session({ command: CELERITY, timeoutMs: TIMEOUT_MS });
const asked = new Map<string, Promise<Exchange>>();

/** The right answer to a vector; it is asked once. */
function right(vector: Question): Promise<Exchange> {
  const known = asked.get(vector.id) ?? session.exchange(commandOf(vector));
  asked.set(vector.id, known);
  return known;
}

function vectorOf(id: string): Question {
  const vector = suite.vectors.find((one) => one.id === id);
  if (vector === undefined || vector.command === "scenario") throw new Error(`There is no question ${id}.`);
  return vector;
}

/** The verdict on the answer to a vector after a fault was planted in it: its status and what it says. */
async function verdict(id: string, plant: Plant): Promise<string> {
  const vector = vectorOf(id);
  const exchange = await right(vector);
  if (exchange.outcome.kind !== "answer") throw new Error(JSON.stringify(exchange.outcome));
  const outcome = { kind: "answer", fields: plant(exchange.outcome.fields) } as const;
  const { status, message } = await verdictOf(vector, { ...exchange, outcome }, NO_ALLOWANCES);
  return `${status} ${message}`;
}

beforeAll(async () => {
  await session.exchange({ cmd: "start", version: 1 });
}, TIMEOUT_MS);

afterAll(async () => {
  await session.stop();
});

const TABLES: Readonly<Record<string, readonly AnswerMutant[]>> = {
  messages: MESSAGE_FAULTS,
  options: OPTION_FAULTS,
  values: VALUE_FAULTS,
  reading: READING_FAULTS,
};

describe.each(Object.entries(TABLES))("%s", (_about, mutants) => {
  test("are right without a fault", async () => {
    const ids = new Set(mutants.flatMap(({ caughtBy }) => Object.keys(caughtBy)));
    const verdicts = await Promise.all([...ids].map((id) => verdict(id, (answer) => answer)));
    for (const text of verdicts) expect(text).toMatch(/^(pass|info) /);
  });

  test.each(mutants)("$name", async ({ plant, caughtBy }) => {
    for (const [id, finding] of Object.entries(caughtBy))
      expect(await verdict(id, plant), id).toContain(finding);
  });
});
