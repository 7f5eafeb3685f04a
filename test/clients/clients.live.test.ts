/** Every client does what clients/scenario.json says, and its README is true. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ComparedStep, compareRun } from "./compare.ts";
import { featureColumn, withTable } from "./feature-table.ts";
import { CLIENTS } from "./languages.ts";
import { type ClientsPlace, openPlace } from "./place.ts";
import { requireClient, runProgram, writeProgram } from "./toolchain.ts";
import { describeTrouble } from "./troubles.ts";

/** Some build with Maven or cargo. */
const MS = 500_000;

let place: ClientsPlace;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place.close());

const runs = new Map<string, readonly ComparedStep[]>();

describe.each(CLIENTS)("$name", (client) => {
  const { folder, quickStart } = client;

  test(
    "does the scenario",
    async () => {
      await requireClient(client);
      place.takeSeen();
      const env = { ...client.env, ...(await place.environment()) };
      const { code, stdout, stderr } = await runProgram(client.run, { cwd: folder, env });
      const steps = compareRun(stdout);
      runs.set(client.title, steps);
      const differences = steps.flatMap((step) => step.differences.map((words) => `${step.name}: ${words}`));
      expect([...differences, ...describeTrouble(place.takeSeen())], stderr).toEqual([]);
      expect(code, stderr).toBe(0);
    },
    MS,
  );

  // Both kinds of Python clients have the same ones.
  if (client.tests !== undefined)
    test(
      "passes its own tests",
      async () => {
        await requireClient(client);
        for (const command of client.tests ?? []) {
          const { code, stdout, stderr } = await runProgram(command, { cwd: folder, env: client.env });
          expect(code, stdout + stderr).toBe(0);
        }
      },
      MS,
    );

  test(
    "prints what its README says",
    async () => {
      await requireClient(client);
      const readme = readFileSync(join(folder, "README.md"), "utf8");
      const text = "((?:(?!```)[^])*)```";
      const block = new RegExp(`\`\`\`${quickStart.fence}\\n${text}\\s+\`\`\`text\\n${text}`);
      const [, code = "", output = ""] = block.exec(readme) ?? [];
      expect(output.trim(), "the README's first blocks of code and text").not.toBe("");
      const cwd = await writeProgram(quickStart.files(code));
      const env = { ...client.env, ...quickStart.env, ...(await place.environment()) };
      const ran = await runProgram(quickStart.run, { cwd, env });
      expect(ran.stdout, ran.stderr).toBe(output);
    },
    MS,
  );
});

test("the table of features is up to date", async () => {
  const readme = join(import.meta.dirname, "../../clients/README.md");
  const columns = new Map([...runs].map(([title, steps]) => [title, featureColumn(steps)]));
  const text = withTable(readFileSync(readme, "utf8"), columns);
  await expect(text).toMatchFileSnapshot(readme);
});
