/** Writes the reports of a run into a folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { badgeOf, profileBadgeOf } from "./badge.ts";
import { writeWhole } from "./files.ts";
import { toReportPage } from "./html/report-page.ts";
import { toJunit } from "./junit.ts";
import type { Report } from "./report.ts";
import { isReproduced, REPRO_MARK, toRepro } from "./repro.ts";
import { toSummary } from "./summary.ts";

const FILES: Readonly<Record<string, (report: Report) => string>> = {
  "report.json": json,
  "report.html": toReportPage,
  "summary.md": toSummary,
  "junit.xml": toJunit,
  "badge.json": (report) => json(badgeOf(report)),
};

/**
 * Returns the paths of what was written; folders stand for their files. `cwd` is where the adapter was started. Scripts that
 * an earlier run left in `repro` are removed.
 */
export function writeReports(report: Report, folder: string, cwd: string = process.cwd()): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const written = Object.entries(FILES).map(([name, write]) => {
    const path = join(folder, name);
    writeWhole(path, write(report));
    return path;
  });
  return [...written, ...writeBadges(report, join(folder, "badges")), ...writeRepros(report, folder, cwd)];
}

function writeBadges(report: Report, folder: string): readonly string[] {
  const profiles = Object.entries(report.profiles);
  for (const [name, profile] of profiles)
    writeWhole(join(folder, `${name}.json`), json(profileBadgeOf(name, profile)));
  return profiles.length > 0 ? [folder] : [];
}

function writeRepros(report: Report, parent: string, cwd: string): readonly string[] {
  const folder = join(parent, "repro");
  removeOldRepros(folder);
  const wrong = report.results.filter(isReproduced);
  if (wrong.length === 0) return [];
  mkdirSync(folder, { recursive: true });
  for (const result of wrong) {
    writeWhole(join(folder, `${result.id}.sh`), toRepro(report, result, folder, cwd), 0o777);
  }
  return [folder];
}

function removeOldRepros(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".sh"))) {
    const path = join(folder, name);
    if (readFileSync(path, "utf8").startsWith(`#!/bin/sh\n${REPRO_MARK}\n`)) rmSync(path);
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
