/** junit.xml, which CI systems show: a suite for each level, a case for each vector. */
import type { Status } from "../run/result.ts";
import { explainResult } from "./explain.ts";
import type { Report, ReportedResult } from "./report.ts";

const ELEMENTS: Partial<Readonly<Record<Status, "failure" | "error" | "skipped">>> = {
  fail: "failure",
  error: "error",
  skip: "skipped",
  disabled: "skipped",
  "known-fail": "skipped",
  flaky: "skipped",
};

export function toJunit(report: Report): string {
  const levels = [...new Set(report.results.map(({ level }) => level))].toSorted();
  const suites = levels.map((level) => suiteOf(level, report));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${toXml(report.adapter.name)}">\n${suites.join("")}</testsuites>\n`;
}

function suiteOf(level: string, report: Report): string {
  const results = report.results.filter((result) => result.level === level);
  const count = (element: string): number =>
    results.filter(({ status }) => ELEMENTS[status] === element).length;
  const counts = `tests="${results.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  return `<testsuite name="${level}" ${counts} timestamp="${report.started_at}">\n${results.map(caseOf).join("")}</testsuite>\n`;
}

function caseOf(result: ReportedResult): string {
  const attributes = `name="${toXml(result.id)}" classname="${result.level}" time="${result.took_ms / 1000}"`;
  const element = ELEMENTS[result.status];
  if (element === undefined) return `<testcase ${attributes}/>\n`;
  const message = `message="${toXml(`${result.status}: ${result.message}`)}"`;
  const detail = element === "skipped" ? "" : toXml(explainResult(result));
  return `<testcase ${attributes}><${element} ${message}>${detail}</${element}></testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 has no form for control characters and halves of surrogate pairs. */
function toXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
