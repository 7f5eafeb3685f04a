/** Finds the app that `-A` names. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError, isPlainObject } from "../protocol/index.ts";
import { App } from "./app.ts";

/** `./tasks.js`, `./tasks.js:name` or a package name; the module exports the app as `app`, as default, or as `name`. */
export async function loadApp(target: string): Promise<App> {
  const [, path = target, name] = /^(.*?)(?::([A-Za-z_$][\w$]*))?$/.exec(target) ?? [];
  const module = await importModule(path);
  const found = name === undefined ? (module["app"] ?? module["default"]) : module[name];
  if (found instanceof App) return found;
  const where =
    name === undefined ? 'an export named "app", or a default export' : `an export named "${name}"`;
  throw new ConfigurationError(`${path} must have ${where} that createApp() made.`);
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  const isFile = existsSync(file);
  const specifier = isFile ? pathToFileURL(file).href : path;
  try {
    const module: unknown = await import(specifier);
    return isPlainObject(module) ? module : { ...(module as object) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (isFile && code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new ConfigurationError(
        `This Node cannot run ${path}; compile it first and name the .js file, or load tsx with NODE_OPTIONS="--import tsx".`,
        { cause: error },
      );
    }
    if (!isFile && code === "ERR_MODULE_NOT_FOUND") {
      throw new ConfigurationError(`There is no file or package "${path}" (option -A).`, { cause: error });
    }
    throw error;
  }
}
