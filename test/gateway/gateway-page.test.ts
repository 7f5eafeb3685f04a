/** docs/gateway.md: its tables of paths and of limits are complete, and its links lead somewhere. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "../../gateway/index.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
import { pageText } from "../helpers/documentation.ts";

const page = pageText("gateway.md");

/** The text in backticks. */
function named(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

/** The rows of the table under a heading that begins so. */
function rowsOf(firstCell: string): readonly (readonly string[])[] {
  const [, table = ""] = page.split(`\n| ${firstCell} |`);
  const [rows = ""] = table.split("\n\n");
  return rows
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").slice(1, -1));
}

test("the table of paths has every route, and no other", () => {
  const told = rowsOf("path").flatMap(([paths = "", methods = "", actions = ""]) =>
    named(paths).flatMap((path) => [
      ...named(methods).map((method) => `${method} ${path}`),
      ...named(actions).map((action) => `POST ${path}:${action}`),
    ]),
  );
  expect(told.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
});

const UNITS: Readonly<Record<string, number>> = { MiB: 1024 * 1024, s: 1000, levels: 1 };

test("the table of limits has every limit with its default", () => {
  const told = rowsOf("`limits`").flatMap(([names = "", defaults = ""]) => {
    const values = defaults.split(",").map((text) => {
      const [number = "", unit = "levels"] = text.trim().split(" ");
      return Number(number) * (UNITS[unit] ?? Number.NaN);
    });
    return named(names).map((name, at) => [name, values[at]] as const);
  });
  expect(Object.fromEntries(told) as Partial<GatewayLimits>).toEqual(DEFAULT_GATEWAY_LIMITS);
});

test("the links lead to pages and headings", () => {
  const links = [...page.matchAll(/\]\(([\w/.-]*)(?:#([\w-]+))?\)/g)];
  expect(links.length).toBeGreaterThan(20);
  const broken = links.filter(([, file = "", heading]) => {
    if (!existsSync(new URL(`../../docs/${file === "" ? "gateway.md" : file}`, import.meta.url))) return true;
    if (heading === undefined) return false;
    const headings = [...pageText(file === "" ? "gateway.md" : file).matchAll(/^#+ (.*)$/gm)];
    return !headings.some(([, text = ""]) => slug(text) === heading);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}
