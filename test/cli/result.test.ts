/** `celerity result` and `celerity graph` on results in a SQLite file. */
import { beforeAll, expect, test, vi } from "vitest";
import { createApp } from "../../app/index.ts";
import { graphCommand } from "../../cli/commands/graph.ts";
import { resultCommand } from "../../cli/commands/result.ts";
import { exitCodeOf } from "../../cli/exit-codes.ts";
import { type ResultNode, toError, toResultDocument, toResultTuple } from "../../protocol/index.ts";
import { openSql } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { sqliteFile } from "../helpers/services.ts";

let backend = "";

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs the command in this process, as main.ts runs it. */
async function celerity(name: "result" | "graph", ...args: readonly string[]): Promise<Ended> {
  vi.stubEnv("CELERY_RESULT_BACKEND", backend);
  const output = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const errors = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const textOf = (spy: typeof output): string => spy.mock.calls.map(([text]) => String(text)).join("");
  const command = name === "result" ? resultCommand() : graphCommand();
  try {
    await command.parseAsync(args, { from: "user" });
    return { code: 0, output: textOf(output), errors: textOf(errors) };
  } catch (error) {
    return {
      code: exitCodeOf(error),
      output: textOf(output),
      errors: textOf(errors) + toError(error).message,
    };
  } finally {
    output.mockRestore();
    errors.mockRestore();
    vi.unstubAllEnvs();
  }
}

beforeAll(async () => {
  backend = `db+sqlite:///${await sqliteFile()}`;
  const app = createApp({ env: {}, brokerUrl: "memory://", resultBackend: backend });
  cleanUp(() => app.close());
  const now = new Date().toISOString();
  const store = async (
    taskId: string,
    state: string,
    result: unknown,
    children: readonly ResultNode[] = [],
  ) => {
    const document = toResultDocument({
      taskId,
      state,
      result,
      now,
      traceback: state === "FAILURE" ? "Traceback: here" : null,
      children: children.map(toResultTuple),
    });
    await (await app.backend()).store([{ document }]);
  };
  const group = { id: "pair", children: [{ id: "one" }, { id: "two" }] };
  await store("one", "SUCCESS", 1);
  await store("two", "SUCCESS", { n: 2 });
  await store("root", "SUCCESS", "sent", [group]);
  await store("bad", "FAILURE", { exc_type: "ValueError", exc_message: ["no"], exc_module: "builtins" });
  await store("old", "SUCCESS", 0);
  await app.groupResult(group).save();
});

test.for<readonly [args: readonly string[], code: number, output: string, errors?: string]>([
  [["one"], 0, "1\n"],
  [["pair", "--group"], 0, '[1,{"n":2}]\n'],
  [["root", "--children"], 0, 'root "sent"\npair [1,{"n":2}]\none 1\ntwo {"n":2}\n'],
  [["bad", "--traceback"], 1, "", "Traceback: here\nValueError: no"],
  [["none", "--no-wait"], 75, "", "Result none is not there yet."],
  [["none", "--timeout", "0.01"], 75, ""],
  [["none", "--group"], 64, ""],
  [[], 64, "", "Name the task: celerity result <id>."],
  [["none", "--json"], 0, "null\n"],
])("celerity result %j", async ([args, code, output, errors]) => {
  const ended = await celerity("result", ...args);
  expect(ended).toMatchObject({ code, output });
  if (errors !== undefined) expect(ended.errors).toBe(errors);
});

test("--json prints all that is stored", async () => {
  const one = await celerity("result", "bad", "--json");
  const group = await celerity("result", "pair", "--group", "--json");
  expect(JSON.parse(one.output)).toMatchObject({
    task_id: "bad",
    status: "FAILURE",
    traceback: "Traceback: here",
    result: { exc_type: "ValueError" },
  });
  expect(JSON.parse(group.output)).toMatchObject([{ task_id: "one" }, { task_id: "two" }]);
});

test("celerity graph draws in three formats", async () => {
  const mermaid = await celerity("graph", "root");
  const dot = await celerity("graph", "root", "--format", "dot");
  const json = await celerity("graph", "root", "--format", "json");
  expect(mermaid.output).toMatch(/^flowchart TD\n {2}n0\["root<br>SUCCESS"\]\n/);
  expect(dot.output).toMatch(/^digraph results \{\n {2}n0 \[label="root\\nSUCCESS", shape=box\];\n/);
  expect(JSON.parse(json.output)).toMatchObject({
    truncated: false,
    edges: [
      { from: "root", to: "pair", kind: "child" },
      { from: "pair", to: "one", kind: "member" },
      { from: "pair", to: "two", kind: "member" },
    ],
  });
  const some = await celerity("graph", "root", "--max-nodes", "2");
  expect(some.output.split("\n")).toHaveLength(5);
  expect(some.errors).toContain("--max-nodes");
});

test("--cleanup removes what has expired, groups too", async () => {
  const young = await celerity("result", "--cleanup");
  expect(young).toMatchObject({ code: 0, output: "0\n" });
  const db = await openSql(backend.replace("db+", ""), { journalMode: "wal", timeoutMs: 5000 });
  cleanUp(() => db.close());
  const past = "2020-01-01 00:00:00.000000";
  await db.run("UPDATE celery_taskmeta SET date_done = ? WHERE task_id = 'old'", [past]);
  await db.run("UPDATE celery_tasksetmeta SET date_done = ?", [past]);
  expect(await celerity("result", "--cleanup")).toMatchObject({ code: 0, output: "2\n" });
});
