/** Every pattern in the sources takes time in proportion to its input, however that was made up. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { analyse } from "scslre";
import { describe, expect, test } from "vitest";
import { parseAst } from "vitest/node";

const FOLDERS =
  "protocol codecs signing stores egress transports backends app worker beat gateway cli conformance dashboard".split(
    " ",
  );

/** Patterns made while running, and what they are made of: nothing that a stranger sends. */
const MADE_WHILE_RUNNING: Readonly<Record<string, string>> = {
  "conformance/record/capture.ts": "the header eta or expires",
  "conformance/record/stores.ts": "today's date",
  "app/routing.ts": "the patterns of task_routes, from the settings",
  "gateway/flower/patterns.ts": "constants of the OpenAPI document",
  "gateway/access/jwt.ts": "a constant of the OpenAPI document",
  "gateway/access/tenants.ts": "a constant of the OpenAPI document",
  "gateway/known-task.ts": "a constant of the OpenAPI document",
  "gateway/task-check.ts": "a constant of the OpenAPI document",
  "gateway/workflows/canvas-options.ts": "a constant of the OpenAPI document",
  "gateway/workflows/look.ts": "a constant of the OpenAPI document",
  "gateway/routes/call-task.ts": "a constant of the OpenAPI document",
};

interface Pattern {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

const { patterns, makers } = collect();

describe("regular expressions", () => {
  test("are found", () => {
    expect(patterns.length).toBeGreaterThan(100);
  });

  test("finds what is wrong with a slow one", () => {
    expect(slownessOf({ file: "", source: "^(a+)+$", flags: "" })).toMatch("exponential");
    expect(slownessOf({ file: "", source: "\\s+$", flags: "" })).toMatch("polynomial");
  });

  test.each(patterns)("$file: /$source/$flags is linear", (pattern) => {
    expect(slownessOf(pattern)).toBe("");
  });

  test("are literals, but for those listed", () => {
    expect(makers.filter((file) => !Object.hasOwn(MADE_WHILE_RUNNING, file))).toEqual([]);
  });
});

/** Empty when matching is linear, else which characters, repeated, make it slow. */
function slownessOf({ source, flags }: Pattern): string {
  const { reports } = analyse({ source, flags }, { reportTypes: { Move: true, Self: true, Trade: true } });
  return reports
    .map(({ exponential, character }) => {
      const repeated = character.literal?.source ?? "some character";
      return `${exponential ? "exponential" : "polynomial"} in ${repeated}`;
    })
    .join(", ");
}

/** The literals in the sources, and the files that call RegExp. */
function collect(): { readonly patterns: readonly Pattern[]; readonly makers: readonly string[] } {
  const found: Pattern[] = [];
  const makers = new Set<string>();
  for (const folder of FOLDERS) {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!/\.(?:m?[jt]s|tsx)$/.test(name) || name.includes("node_modules")) continue;
      const file = join(folder, name);
      visit(parseAst(readFileSync(file, "utf8"), { lang: name.endsWith("x") ? "tsx" : "ts" }), (node) => {
        const { regex, callee } = node as NodeParts;
        if (regex !== undefined) found.push({ file, source: regex.pattern, flags: regex.flags });
        if (callee?.name === "RegExp") makers.add(file);
      });
    }
  }
  return { patterns: found, makers: [...makers] };
}

/** What is looked at of a syntax tree's nodes. */
interface NodeParts {
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: { readonly name?: string };
}

function visit(node: object, look: (node: object) => void): void {
  look(node);
  for (const child of Object.values(node) as unknown[])
    if (typeof child === "object" && child !== null) visit(child, look);
}
