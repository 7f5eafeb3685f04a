/**
 * Measures against real Celery what becomes of every kind of value, and compares with docs/serializers.md. With `-u` the
 * page is written anew.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createCodecs, DEFAULT_LIMITS, type Serializer } from "../../codecs/index.ts";
import { toError } from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { pythonVersions } from "../helpers/python.ts";
import { type PythonVersion, pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { PythonLines } from "../helpers/python-lines.ts";
import { code, table, typeName } from "./value-table-text.ts";
import { BODIES, VALUES } from "./value-table-values.ts";

const file = fileURLToPath(new URL("value_table.py", import.meta.url));
const page = fileURLToPath(new URL("../../docs/serializers.md", import.meta.url));
const codecs = createCodecs();
const serializers = ["json", "yaml", "msgpack", "pickle"].map((name) => codecs.serializer(name));
const VERSIONS: readonly PythonVersion[] = ["latest", "5.2"];

/** What Python says of a body: its value's repr, or why it cannot read it. */
type Shown = string | { readonly error: string } | null;

/** One line of a table: its name, then a cell for each serializer. */
type Row = readonly [name: string, ...cells: string[]];

interface Measured {
  readonly fromPython: readonly Row[];
  readonly toPython: readonly Row[];
  readonly bodies: readonly Row[];
}

describe("docs/serializers.md", () => {
  test("is what a new measurement finds", { timeout: 60_000 }, async () => {
    const missing = VERSIONS.find((version) => !pythonVersions().includes(version));
    if (missing !== undefined) requirePython(missing);
    const [latest, old] = await Promise.all([measure("latest"), measure("5.2")]);
    await expect(pageOf(latest, old)).toMatchFileSnapshot(page);
  });
});

async function measure(version: PythonVersion): Promise<Measured> {
  const python = new PythonLines({ version, file, env: pythonEnvironment() });
  cleanUp(() => python.close());
  const ask = async (command: object): Promise<unknown[]> => (await python.call(command)) as unknown[];
  const read = async ({ name }: Serializer, bodies: readonly (string | null)[]): Promise<Shown[]> =>
    (await ask({ op: "read", serializer: name, items: bodies })) as Shown[];

  const values = (await ask({ op: "values" })) as [name: string, shown: string][];
  const fromPython = await Promise.all(
    serializers.map(async (serializer) => {
      const written = (await ask({ op: "write", serializer: serializer.name })) as ([string, Shown] | null)[];
      const ours = await Promise.all(written.map((answer) => handle(serializer, answer?.[0])));
      const back = await read(
        serializer,
        ours.map(({ body }) => body ?? null),
      );
      return written.map((answer, index) => {
        if (answer === null) return "Celery cannot write it";
        return cellOf({
          given: values[index]?.[1],
          celery: answer[1],
          back: back[index] ?? null,
          ours: ours[index],
        });
      });
    }),
  );
  const toPython = await Promise.all(
    serializers.map(async (serializer) => {
      const written = await Promise.all(Object.values(VALUES).map((value) => write(serializer, value)));
      const shown = await read(
        serializer,
        written.map(({ body }) => body ?? null),
      );
      return written.map(({ error }, index) =>
        error === undefined ? cellOfShown(shown[index]) : `refused: ${error}`,
      );
    }),
  );
  const bodies = BODIES.map(async ([name, serializerName, body]): Promise<Row> => {
    const serializer = codecs.serializer(serializerName);
    const bytes = Buffer.from(body);
    const [celery = null] = await read(serializer, [bytes.toString("base64")]);
    const ours = await handle(serializer, bytes.toString("base64"));
    const [back = null] = await read(serializer, [ours.body ?? null]);
    return [name, cellOfShown(celery), cellOf({ given: undefined, celery, back, ours })];
  });
  return {
    fromPython: values.map(([name], index) => [name, ...fromPython.map((cells) => cells[index] ?? "")]),
    toPython: Object.keys(VALUES).map((name, index) => [
      name,
      ...toPython.map((cells) => cells[index] ?? ""),
    ]),
    bodies: await Promise.all(bodies),
  };
}

/** What we made of a value or a body: a body in base64, or the problem. */
interface Made {
  readonly body?: string;
  readonly error?: string;
  /** The type that stands for the value in JavaScript. */
  readonly type?: string;
}

async function write(serializer: Serializer, value: unknown): Promise<Made> {
  try {
    // In a list, as arguments are.
    return { body: Buffer.from(await serializer.serialize(value)).toString("base64") };
  } catch (error) {
    return { error: problemOf(error) };
  }
}

/** Reads a body and writes it again. */
async function handle(serializer: Serializer, body: string | undefined): Promise<Made> {
  if (body === undefined) return {};
  try {
    const value = await serializer.deserialize(Buffer.from(body, "base64"), DEFAULT_LIMITS);
    return { ...(await write(serializer, value)), type: typeName(value) };
  } catch (error) {
    return { error: problemOf(error) };
  }
}

/** What follows the place in the messages of the writers, and the whole of the others. */
function problemOf(error: unknown): string {
  const { message } = toError(error);
  const [, problem = message] = /^.* cannot carry the value at .*?: (.*)\.$/.exec(message) ?? [];
  return problem.slice(0, 120);
}

interface Comparison {
  /** What Python had. */
  readonly given: string | undefined;
  /** What Celery reads of its own body. */
  readonly celery: Shown;
  /** What Celery reads of ours, made from what we read of its own. */
  readonly back: Shown;
  readonly ours: Made | undefined;
}

function cellOf({ given, celery, back, ours }: Comparison): string {
  const theirs = celery === given || celery === null ? "" : `; Celery reads ${cellOfShown(celery)}`;
  if (ours?.error !== undefined)
    return typeof celery === "string" ? `refused: ${ours.error}${theirs}` : "refused, as in Celery";
  const held = `(${code(ours?.type ?? "")})`;
  if (typeof back !== "string") return `**cannot be read back** ${held}${theirs}`;
  if (back === given) return `exact ${held}`;
  if (back === celery) return given === undefined ? `the same ${held}` : `as in Celery ${code(back)} ${held}`;
  return `**${code(back)}** ${held}${theirs}`;
}

function cellOfShown(shown: Shown | undefined): string {
  if (typeof shown === "string") return code(shown);
  return shown ? `nothing: ${shown.error}` : "";
}

function pageOf(latest: Measured, old: Measured): string {
  const names = serializers.map(({ name }) => name);
  return `# What the serializers carry

Measured against Celery 5.7 and 5.2; \`test/codecs/value-table.live.test.ts\` fails when a new measurement differs from this page.

## Python writes, TypeScript reads and writes back

A cell tells what Celery reads of what we write back, and (in brackets) which JavaScript type held it. *Exact* is the value and
the type that Python had; *as in Celery* is a change that two Pythons see as well. In **bold** what changes only here.

${table(["Python", ...names], latest.fromPython)}

A float without a fraction stays one with the setting \`exactFloats: true\`, which reads it as a \`Float\`.

## TypeScript writes, Python reads

What Celery reads. *Refused* is an \`EncodeError\` that names the place of the value.

${table(["JavaScript", ...names], latest.toPython)}

## Bodies that others write

${table(["body", "Celery reads", "we read, and Celery reads back"], latest.bodies)}

## Celery 5.2

Where it differs from the tables above. Its JSON has no types of its own: it writes times, decimals and UUIDs as text.

${table(["Python", ...names], differing(old.fromPython, latest.fromPython))}

${table(["JavaScript", ...names], differing(old.toPython, latest.toPython))}

${table(["body", "Celery reads", "we read, and Celery reads back"], differing(old.bodies, latest.bodies))}

To measure again: \`npx vitest run test/codecs/value-table.live.test.ts -u\`
`;
}

/** Rows with a difference; cells without one are left empty. */
function differing(rows: readonly Row[], others: readonly Row[]): Row[] {
  return rows.flatMap(([name, ...cells], index): Row[] => {
    const same = others[index]?.slice(1) ?? [];
    const shown = cells.map((cell, column) => (cell === same[column] ? "" : cell));
    return shown.some((cell) => cell !== "") ? [[name, ...shown]] : [];
  });
}
