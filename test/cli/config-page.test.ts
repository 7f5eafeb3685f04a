/** docs/configuration.md: its examples are right, and its table is that of the code (`npx vitest -u` writes it again). */
import { Command, type Option } from "commander";
import { afterEach, expect, it, vi } from "vitest";
import { withBeatOptions } from "../../cli/commands/beat.ts";
import { optionsOf } from "../../cli/config/options.ts";
import { pathText } from "../../cli/config/problem.ts";
import type { SectionName } from "../../cli/config/schema.ts";
import { withGatewayOptions, withLogOptions, withWorkerOptions } from "../../cli/options.ts";
import { pageText } from "../helpers/documentation.ts";
import { problemsOf } from "./config-place.ts";

afterEach(() => void vi.unstubAllEnvs());

const HEADING = "## Options\n";

/** The flags that a section's options may have. */
const COMMANDS: Readonly<Partial<Record<SectionName, (command: Command) => Command>>> = {
  gateway: withGatewayOptions,
  worker: withWorkerOptions,
  beat: withBeatOptions,
  log: withLogOptions,
};

/** Options that another schema describes. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  HookRequest: "see [hooks.md](hooks.md)",
  EventOptions: "Which tasks events become; see [cloudevents.md](cloudevents.md)",
  AccessPolicy: "What they may do.",
};

it("has a table of all options", async () => {
  const page = pageText("configuration.md");
  const tables = Object.entries(COMMANDS).map(([name, withOptions]) =>
    table(name as SectionName, withOptions(new Command()).options),
  );
  const text = `${page.slice(0, page.indexOf(HEADING))}${HEADING}\n${tables.join("\n")}`;
  await expect(text).toMatchFileSnapshot("../../docs/configuration.md");
});

it("has no example that is wrong", async () => {
  for (const name of ["FLOWER_PASSWORD", "HOOK_SECRET", "REDIS_URL"]) vi.stubEnv(name, "redis://127.0.0.1");
  const blocks = pageText("configuration.md").matchAll(/```yaml\n([\s\S]*?)```/g);
  const examples = [...blocks].map(([, text = ""]) => text);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(await problemsOf(example)).toEqual([]);
});

function table(section: SectionName, flags: readonly Option[]): string {
  const rows = optionsOf(section).map(({ path, schema, flag }) => {
    const option = flags.find((one) => one.attributeName() === flag);
    const others =
      option === undefined ? [] : [option.long, option.envVar].filter((name) => name !== undefined);
    const reference = /\/([^/]+)$/.exec(String(schema["$ref"] ?? ""))?.[1] ?? "";
    const names = others.map((name) => `\`${name}\``).join(", ");
    const meaning = String(schema["description"] ?? ELSEWHERE[reference] ?? "").replaceAll("|", "\\|");
    return `| \`${pathText(path.slice(1))}\` | ${names} | ${literal(schema["default"])} | ${meaning} |`;
  });
  const head = [`### ${section}`, "", "| option | flag, variable | default | |", "|---|---|---|---|"];
  return `${[...head, ...rows].join("\n")}\n`;
}

function literal(value: unknown): string {
  return value === undefined ? "" : `\`${JSON.stringify(value)}\``;
}
