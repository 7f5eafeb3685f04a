import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe("package-lock.json", () => {
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );

  test("has every optional dependency, without which npm ci refuses it", () => {
    const optional = Object.values(lock.packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    const names = new Set(
      Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13)),
    );
    expect(optional.filter((name) => !names.has(name))).toEqual([]);
  });

  test("names no registry, so that everyone installs from their own", () => {
    expect(Object.values(lock.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });
});

describe("npm start's signals", () => {
  /** A package whose start script runs a child that reports the signals it got half a second after the first. */
  async function makePackage(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "celerity-start-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "package.json"), '{"scripts":{"start":"node main.mjs"}}');
    await writeFile(
      join(folder, "main.mjs"),
      `import { runForeground } from ${JSON.stringify(pathToFileURL(join(root, "scripts/lib/run.mjs")).href)};
       process.exitCode = await runForeground(process.execPath, [${JSON.stringify(join(folder, "child.mjs"))}]);`,
    );
    await writeFile(
      join(folder, "child.mjs"),
      `const got = [];
       const note = (signal) => {
         if (got.push(signal) > 1) return;
         setTimeout(() => { console.log("got " + got); process.exit(7); }, 500);
       };
       process.on("SIGINT", note).on("SIGTERM", note);
       setInterval(() => {}, 1000);
       console.log("ready");`,
    );
    return folder;
  }

  /** Resolves to what the process printed so far, once that matches. */
  async function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
    let output = "";
    return await new Promise((resolve) => {
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (pattern.test(output)) resolve(output);
      });
    });
  }

  // The options of `script`, which gives a command a terminal, are those of Linux.
  test.runIf(process.platform === "linux").each(["node main.mjs", "npm start"])(
    "Ctrl-C reaches the child of `%s` once",
    async (command) => {
      const folder = await makePackage();
      // `exec`: a shell that stays in between would answer with a code of its own.
      const terminal = spawn("script", ["--quiet", "--return", "--command", `exec ${command}`, "/dev/null"], {
        cwd: folder,
      });
      const exited = once(terminal, "exit");
      const everything = printed(terminal, /got [^\n]*\n/);
      await printed(terminal, /ready/);
      terminal.stdin.write("\u0003");
      expect(await everything).toMatch(/got SIGINT\r?\n/);
      // npm answers an interrupt with its own code.
      expect(await exited).toEqual([command.startsWith("npm") ? 130 : 7, null]);
    },
  );

  test("SIGTERM to npm reaches the child, though the shell between them dies of it", async () => {
    const folder = await makePackage();
    const npm = spawn("npm", ["start"], { cwd: folder });
    const everything = printed(npm, /got [^\n]*\n/);
    await printed(npm, /ready/);
    npm.kill("SIGTERM");
    expect(await everything).toMatch(/got SIGTERM\n/);
  });
});
