/** Where the Python client is, and what it needs. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TestRunner } from "vitest";

export const clientPackage: string = fileURLToPath(new URL("../../clients/python/client", import.meta.url));
/** httpx and what it needs, for every Python of the tests. */
export const clientPackages: string = fileURLToPath(new URL("../../.venv/client-packages", import.meta.url));

export const clientPythonPath: string = `${clientPackage}/src:${clientPackages}`;

/** Skips the running test when httpx is missing, or in CI fails it. */
export function requireClientPackages(): void {
  if (existsSync(`${clientPackages}/httpx`)) return;
  const message = "httpx is not installed: `npm test` installs it; it needs PyPI";
  if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
  throw new Error(message);
}
