/** What the monitor shows: its model as lines of a screen. Pure; the text of strangers is made plain here. */
import type { ClusterState, ClusterTask, ClusterWorker } from "../../app/index.ts";
import { VERSION } from "../../version.ts";
import { plainText } from "../plain-text.ts";
import { fitColumns, wrap } from "./columns.ts";

/** What the monitor knows and shows. */
export interface Model {
  readonly state: ClusterState;
  /** URL of the broker, without secrets. */
  readonly broker: string;
  readonly page: "tasks" | "workers" | "task";
  /** Id of a task. */
  readonly selected: string | undefined;
  /** Asked before a task is revoked. */
  readonly isAsking: boolean;
  /** What the last key has led to. */
  readonly notice: string;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly hasColor: boolean;
}

/** Tasks that one can move through. */
export const MAX_LISTED = 1000;
/** Lines around the list: title, heading, line of workers, notice, keys. */
const FRAME_ROWS = 5;

const COLORS: Readonly<Record<string, number>> = {
  SUCCESS: 32,
  FAILURE: 31,
  RETRY: 33,
  REVOKED: 35,
  REJECTED: 35,
  STARTED: 36,
};

/** Exactly `rows` lines of `columns` columns; colours come on top. `now` is in seconds since 1970. */
export function renderScreen(model: Model, size: ScreenSize, now: number): readonly string[] {
  const { columns, rows } = size;
  const body = Math.max(0, rows - FRAME_ROWS);
  const page = { tasks: taskPage, workers: workerPage, task: detailPage }[model.page];
  const lines = [
    bold(fitColumns(titleOf(model, now), columns)),
    ...fill(page(model, size, body + 1, now), body + 1, columns),
    fitColumns(workerLine(model.state, now), columns),
    fitColumns(plainText(questionOf(model) ?? model.notice), columns),
    inverse(fitColumns(KEYS[model.page], columns)),
  ];
  return lines.slice(0, rows);
}

const KEYS: Readonly<Record<Model["page"], string>> = {
  tasks: "j/k move  Enter inspect  c revoke  w workers  q quit",
  workers: "w tasks  q quit",
  task: "j/k next/previous  c revoke  Esc back  q quit",
};

/** The tasks that the list has, the latest first. */
export function listedTasks({ state }: Model): readonly ClusterTask[] {
  return [...state.tasksByTime({ limit: MAX_LISTED })];
}

function titleOf({ state, broker }: Model, now: number): string {
  const alive = state.aliveWorkers(now).length;
  const counts = `events ${state.eventCount}  tasks ${state.taskCount}  workers ${alive}/${state.workers.size}`;
  return `celerity events ${VERSION}  ${counts}  ${plainText(broker)}`;
}

function questionOf({ isAsking, selected }: Model): string | undefined {
  return isAsking ? `Revoke ${selected}? y: yes, t: also end it if it runs, other keys: no` : undefined;
}

function workerLine(state: ClusterState, now: number): string {
  const names = state.aliveWorkers(now).map(({ hostname }) => plainText(hostname));
  return `Online: ${names.length === 0 ? "nobody" : names.join(", ")}`;
}

const STATE_WIDTH = 9;
const TIME_WIDTH = 8;
const RUNTIME_WIDTH = 9;
const UUID_WIDTH = 36;
/** Least width of the names of a task and a worker. */
const NAME_WIDTH = 16;

/** The heading, and as many tasks as there is room for around the selected one. */
function taskPage(model: Model, { columns, hasColor }: ScreenSize, rows: number): readonly string[] {
  const tasks = listedTasks(model);
  const at = Math.max(
    0,
    tasks.findIndex(({ uuid }) => uuid === model.selected),
  );
  const room = rows - 1;
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), tasks.length - room));
  const shown = tasks.slice(first, first + Math.max(0, room));
  const heading = row(["UUID", "TASK", "WORKER", "TIME", "STATE", "RUNTIME"], columns);
  return [
    bold(heading),
    ...shown.map((task) => {
      const line = row(cellsOf(task), columns);
      if (task.uuid === model.selected) return inverse(line);
      const color = COLORS[task.state];
      return hasColor && color !== undefined ? `\x1b[${color}m${line}\x1b[0m` : line;
    }),
  ];
}

function cellsOf({ uuid, name, worker, client, timestamp, state, runtime }: ClusterTask): readonly string[] {
  return [
    uuid,
    name ?? "",
    worker?.hostname ?? client ?? "",
    timestamp === null ? "" : clockTime(timestamp),
    state,
    runtime === null ? "" : `${runtime.toFixed(3)}s`,
  ].map(plainText);
}

/** On a narrow screen the id gives way first. */
function row(cells: readonly string[], columns: number): string {
  const [uuid = "", name = "", worker = "", time = "", state = "", runtime = ""] = cells;
  const left = Math.max(0, columns - TIME_WIDTH - STATE_WIDTH - RUNTIME_WIDTH - 5);
  const uuidWidth = Math.max(0, Math.min(UUID_WIDTH, left - 2 * NAME_WIDTH));
  const nameWidth = Math.ceil((left - uuidWidth) / 2);
  const widths = [uuidWidth, nameWidth, left - uuidWidth - nameWidth, TIME_WIDTH, STATE_WIDTH, RUNTIME_WIDTH];
  const line = [uuid, name, worker, time, state, runtime]
    .map((text, at) => fitColumns(text, widths[at] ?? 0))
    .join(" ");
  return fitColumns(line, columns);
}

function workerPage({ state }: Model, { columns }: ScreenSize, rows: number, now: number): readonly string[] {
  const workers = [...state.workers.values()].sort((one, other) => (one.hostname < other.hostname ? -1 : 1));
  const heading = workerRow(["WORKER", "", "ACTIVE", "DONE", "LOAD", "SOFTWARE"], columns);
  return [
    bold(heading),
    ...workers.slice(0, rows - 1).map((one) => workerRow(workerCells(one, now), columns)),
  ];
}

function workerCells(worker: ClusterWorker, now: number): readonly string[] {
  const { hostname, active, processed, loadavg, softwareName, softwareVersion } = worker;
  return [
    hostname,
    worker.isAlive(now) ? "online" : "offline",
    String(active ?? ""),
    String(processed ?? ""),
    loadavg?.map((load) => load.toFixed(2)).join(" ") ?? "",
    `${softwareName ?? ""} ${softwareVersion ?? ""}`,
  ].map(plainText);
}

function workerRow(cells: readonly string[], columns: number): string {
  const widths = [Math.max(10, columns - 60), 7, 6, 10, 16, 17];
  return fitColumns(cells.map((text, at) => fitColumns(text, widths[at] ?? 0)).join(" "), columns);
}

/** Everything that is known of one task. */
function detailPage(model: Model, { columns }: ScreenSize, rows: number): readonly string[] {
  const task = model.selected === undefined ? undefined : model.state.tasks.get(model.selected);
  if (task === undefined) return [fitColumns("This task is not known any more.", columns)];
  const { times, extra, ...facts } = task.toJSON();
  const moments = Object.entries(times).map(
    ([name, at]) => [name, new Date(at * 1000).toISOString()] as const,
  );
  const known = [...Object.entries(facts), ...moments, ...Object.entries(extra)];
  return known
    .filter(([, value]) => value !== null)
    .flatMap(([name, value]) => wrap(plainText(`${name}: ${String(value)}`), columns))
    .slice(0, rows)
    .map((line) => fitColumns(line, columns));
}

function fill(lines: readonly string[], rows: number, columns: number): readonly string[] {
  return [...lines, ...Array.from({ length: Math.max(0, rows - lines.length) }, () => " ".repeat(columns))];
}

/** Time of day where the monitor runs. */
function clockTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toTimeString().slice(0, 8);
}

function bold(text: string): string {
  return `\x1b[1m${text}\x1b[0m`;
}

function inverse(text: string): string {
  return `\x1b[7m${text}\x1b[0m`;
}
