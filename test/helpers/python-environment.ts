import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TestRunner } from "vitest";

/** `latest` is Celery's newest release in the environment that `npm test` makes, `5.2` is Debian's python3-celery. */
export type PythonVersion = "latest" | "5.2";

/** What configures test/helpers/python/tasks_app.py. */
export interface PythonApp {
  readonly version: PythonVersion;
  readonly broker: string;
  /** Default: none, results are not stored. */
  readonly backend?: string;
  /** For tasks and results. Default: json. */
  readonly serializer?: string;
  readonly compression?: string;
  /** Settings under Celery's names. */
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** The folder of the Python files of the tests; Python processes run in it. */
export const pythonFolder: string = fileURLToPath(new URL("python/", import.meta.url));

const interpreters: Readonly<Record<PythonVersion, string>> = {
  latest: fileURLToPath(new URL("../../.venv/celery-latest/bin/python", import.meta.url)),
  "5.2": "/usr/bin/python3",
};
const howToInstall: Readonly<Record<PythonVersion, string>> = {
  latest: "`npm test` installs it; it needs python3 with its venv module",
  "5.2": "on Debian 12, `npm test` as root installs it, or apt-get install python3-celery python3-redis",
};

/**
 * The versions that tests can use, for `describe.each(pythonVersions())`. In CI always both, so that a missing one fails
 * its tests instead of leaving them out.
 */
export function pythonVersions(): PythonVersion[] {
  const all: PythonVersion[] = ["latest", "5.2"];
  return process.env["CI"] ? all : all.filter(isInstalled);
}

/** The interpreter of a version; skips the running test when it is not installed, or in CI fails it. */
export function requirePython(version: PythonVersion): string {
  if (isInstalled(version)) return interpreters[version];
  const message = `Python Celery ${version} is not installed: ${howToInstall[version]}`;
  if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
  throw new Error(message);
}

/** The environment of a Python process: ours without settings for Celery, and what tasks_app.py reads for `app`. */
export function pythonEnvironment(app?: Omit<PythonApp, "version">): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("CELERY_"));
  return {
    ...Object.fromEntries(ours),
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONPATH: pythonFolder,
    // Celery refuses to accept pickle as root without it.
    C_FORCE_ROOT: "1",
    ...(app && {
      CELERITY_TEST_BROKER: app.broker,
      CELERITY_TEST_BACKEND: app.backend ?? "",
      CELERITY_TEST_SERIALIZER: app.serializer ?? "",
      CELERITY_TEST_COMPRESSION: app.compression ?? "",
      CELERITY_TEST_CONF: JSON.stringify(app.conf ?? {}),
    }),
    ...app?.env,
  };
}

function isInstalled(version: PythonVersion): boolean {
  if (version === "latest") return existsSync(interpreters.latest);
  const module = "/usr/lib/python3/dist-packages/celery/__init__.py";
  return existsSync(module) && /__version__ = '5\.2\./.test(readFileSync(module, "utf8"));
}
