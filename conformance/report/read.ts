/** Reads a report.json that an earlier run wrote. */
import { readFileSync, statSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { ConfigurationError, toError } from "../../protocol/index.ts";
import type { Report } from "./report.ts";
import { REPORT_SCHEMA } from "./report-schema.ts";

/** A run of all vectors in which each one fails comes to some 30 MiB. */
const MAX_BYTES = 256 * 1024 * 1024;

const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allowUnionTypes: true });

/** Throws ConfigurationError for a file that is not there, is too large, or is no report. */
export function readReport(path: string): Report {
  const content = readJson(path);
  const check = ajv.compile<Report>(REPORT_SCHEMA);
  if (check(content)) return content;
  const [error] = check.errors ?? [];
  throw new ConfigurationError(`${path} is no report: ${error?.instancePath ?? ""} ${error?.message ?? ""}.`);
}

function readJson(path: string): unknown {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES)
      throw new ConfigurationError(`it has ${size} bytes, more than the cap of ${MAX_BYTES}`);
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigurationError(`The report ${path} cannot be read: ${toError(error).message}`, {
      cause: error,
    });
  }
}
