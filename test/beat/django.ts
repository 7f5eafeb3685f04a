/** A Django process with django-celery-beat, which a test drives. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TestRunner } from "vitest";
import { pythonEnvironment } from "../helpers/python-environment.ts";
import { PythonLines } from "../helpers/python-lines.ts";
import { cleanUp } from "../helpers/services.ts";

const packages = fileURLToPath(new URL("../../.venv/django-packages", import.meta.url));
const file = fileURLToPath(new URL("python/django_beat.py", import.meta.url));

/** Runs Python code; resolves to what it has put into `value`. */
export type Django = (code: string) => Promise<unknown>;

/** Starts it on a SQLAlchemy URL, with its tables made by its migrations. Skips the test where it is not installed. */
export async function startDjango(url: string): Promise<Django> {
  if (!existsSync(`${packages}/installed.txt`)) {
    const message = "django-celery-beat is not installed: `npm test` installs it";
    if (!process.env["CI"]) TestRunner.getCurrentTest()?.context.skip(message);
    throw new Error(message);
  }
  const lines = new PythonLines({
    version: "latest",
    file,
    env: {
      ...pythonEnvironment(),
      DJANGO_PACKAGES: packages,
      DJANGO_DATABASE: JSON.stringify(databaseOf(url)),
    },
  });
  cleanUp(() => lines.close());
  const run: Django = async (code) => ((await lines.call({ code })) as { readonly value?: unknown }).value;
  await run("call_command('migrate', verbosity=0)");
  return run;
}

function databaseOf(url: string): Readonly<Record<string, unknown>> {
  if (url.startsWith("sqlite:///")) {
    // Django's default gives up at once when beat writes between its reading and its writing.
    const OPTIONS = { timeout: 60, transaction_mode: "IMMEDIATE" };
    return { ENGINE: "django.db.backends.sqlite3", NAME: url.slice("sqlite:///".length), OPTIONS };
  }
  const { username, password, hostname, port, pathname } = new URL(url);
  return {
    ENGINE: "django.db.backends.postgresql",
    USER: username,
    PASSWORD: password,
    HOST: hostname,
    PORT: port,
    NAME: pathname.slice(1),
  };
}
