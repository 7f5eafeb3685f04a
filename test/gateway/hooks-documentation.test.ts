/** What docs/hooks.md and docs/cloudevents.md show is what happens. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { hooksCommand } from "../../cli/commands/hooks.ts";
import { readHooksFile } from "../../cli/hooks-file.ts";
import { VERIFIER_NAMES } from "../../gateway/hooks/hook-options.ts";
import { HOOK_SCHEMAS } from "../../gateway/hooks/schemas.ts";
import { commandsOf, pageText, runCommented } from "../helpers/documentation.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { openGateway } from "./place.ts";

/** The blocks of a page with a language. */
function blocks(page: string, language: string): string[] {
  return [...pageText(page).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, text = ""]) => text,
  );
}

async function hooksFile(): Promise<string> {
  for (const name of ["GITHUB_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET", "SLACK_SIGNING_SECRET"])
    vi.stubEnv(name, "a secret");
  const path = join(await temporaryFolder(), "hooks.json");
  await writeFile(path, blocks("hooks.md", "json")[0] ?? "");
  return path;
}

/** Arguments as a shell splits them; quotes are single. */
function split(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

describe("docs/hooks.md", () => {
  test("has hooks that a gateway takes", async () => {
    try {
      const { url } = await openGateway(readHooksFile(await hooksFile()));
      const listed = (await (await fetch(`${url}/v1/hooks`)).json()) as { hooks: { name: string }[] };
      expect(listed.hooks.map(({ name }) => name)).toEqual(["chat", "payments", "repo"]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("shows what the commands print", async () => {
    const path = await hooksFile();
    const output = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      const commands = blocks("hooks.md", "console").flatMap(commandsOf);
      expect(commands).toHaveLength(2);
      for (const { command, output: promised } of commands) {
        output.mockClear();
        const [program, group, ...args] = split(command.replace("hooks.json", path));
        expect([program, group]).toEqual(["celerity", "hooks"]);
        await hooksCommand().parseAsync(args, { from: "user" });
        const printed = output.mock.calls.map(([text]) => String(text)).join("");
        expect(printed.replace(/\d+ bytes/, "N bytes").replace(/sha256-[\w-]+/, "sha256-...")).toBe(promised);
      }
    } finally {
      output.mockRestore();
      vi.unstubAllEnvs();
    }
  });

  test("names every verifier and every member of a hook", () => {
    const text = pageText("hooks.md");
    const members = Object.entries(HOOK_SCHEMAS.HookRequest["properties"] as object)
      .filter(([name, schema]) => Object.keys(schema as object).length > 0 && name !== "description")
      .map(([name]) => name);
    for (const name of [...VERIFIER_NAMES, ...members]) expect(text).toContain(name);
  });
});

test.each(["hooks.md", "cloudevents.md"])("the programs of docs/%s print what they say", async (page) => {
  expect(await runCommented(page)).toBe(1);
});
