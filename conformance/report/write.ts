/** Writes the reports of a run into a folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toJunit } from "./junit.ts";
import type { Report } from "./report.ts";
import { toSummary } from "./summary.ts";

const FILES: Readonly<Record<string, (report: Report) => string>> = {
  "report.json": (report) => `${JSON.stringify(report, null, 1)}\n`,
  "junit.xml": toJunit,
  "summary.md": toSummary,
};

/** Returns the paths of what was written. */
export function writeReports(report: Report, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(FILES).map(([name, write]) => {
    const path = join(folder, name);
    writeFileSync(path, write(report));
    return path;
  });
}
