/** The list of recent tasks, live. */
import { ApiError, fetchJson } from "./api.js";
import { announce, badge, byId, h } from "./dom.js";
import { makeAge, span } from "./times.js";

/** Rows shown at most; older ones are a click away. */
const PAGE = 100;

/** Tasks by id, newest first. */
const tasks = new Map();
let next;
let shown = PAGE;
let selectedId;
let isDrawing = false;

/** Connects the filters and the button for older tasks. */
export function startTaskList() {
  byId("filters").addEventListener("input", draw);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("load-more").addEventListener("click", () => void loadMore());
}

/** Reads the newest tasks. Throws an ApiError. */
export async function loadTasks() {
  const page = await fetchJson(`v1/tasks?limit=${PAGE}`);
  const older = [...tasks.values()].filter(({ id }) => !page.tasks.some((task) => task.id === id));
  tasks.clear();
  for (const task of [...page.tasks, ...older]) tasks.set(task.id, task);
  next ??= page.next;
  draw();
}

async function loadMore() {
  if (next === undefined) return;
  try {
    const page = await fetchJson(
      `v1/tasks?limit=${PAGE}&cursor=${new URL(next, location.href).searchParams.get("cursor")}`,
    );
    for (const task of page.tasks) if (!tasks.has(task.id)) tasks.set(task.id, task);
    next = page.next;
    shown += PAGE;
    draw();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    announce(error.message);
  }
}

/** Takes over a new task, or a change of one. */
export function updateTask(task) {
  const known = tasks.get(task.id);
  if (known === undefined) {
    const all = [...tasks];
    tasks.clear();
    tasks.set(task.id, task);
    for (const [id, other] of all.slice(0, shown * 2)) tasks.set(id, other);
  } else {
    tasks.set(task.id, task);
    if (task.terminal && !known.terminal) announce(`${task.task}: ${task.state}`);
  }
  drawSoon();
}

/** Marks the row of the task that is open. */
export function selectTask(id) {
  selectedId = id;
  draw();
}

/** Many changes in one frame cost one drawing. */
function drawSoon() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    draw();
  });
}

function draw() {
  const name = byId("filter-task").value.trim().toLowerCase();
  const state = byId("filter-state").value;
  const matching = [...tasks.values()].filter((task) => matches(task, name, state));
  const rows = matching.slice(0, shown);
  const body = byId("rows");
  const old = new Map([...body.children].map((row) => [row.dataset.id, row]));
  // Rows that did not change stay in place: the focus and a selection of text survive.
  body.replaceChildren(...rows.map((task) => reuse(old.get(task.id), task)));
  byId("empty").hidden = tasks.size > 0;
  byId("filters").hidden = tasks.size === 0;
  byId("table").hidden = rows.length === 0;
  byId("no-match").hidden = tasks.size === 0 || rows.length > 0;
  byId("more").hidden = next === undefined && matching.length <= shown;
}

function matches(task, name, state) {
  if (name !== "" && !task.task.toLowerCase().includes(name) && !task.id.startsWith(name)) return false;
  if (state === "") return true;
  return state === "active" ? !task.terminal : task.state === state;
}

function reuse(row, task) {
  const version = `${task.state} ${task.done_at} ${task.id === selectedId}`;
  if (row?.dataset.version === version) return row;
  const hadFocus = row?.contains(document.activeElement);
  const made = toRow(task);
  made.dataset.id = task.id;
  made.dataset.version = version;
  if (hadFocus) requestAnimationFrame(() => made.querySelector("a").focus());
  return made;
}

function toRow(task) {
  const isSelected = task.id === selectedId;
  const link = h("a", { href: `#/tasks/${task.id}` }, task.task);
  if (isSelected) link.setAttribute("aria-current", "true");
  return h(
    "tr",
    { className: isSelected ? "selected" : "" },
    h("td", { className: "state" }, badge(task.state)),
    h("td", { className: "name" }, link, h("span", { className: "id" }, task.id.slice(-8))),
    h("td", { className: "queue" }, task.queue),
    h("td", { className: "sent" }, makeAge(h("time"), task.submitted_at)),
    h("td", { className: "number" }, task.done_at === undefined ? "" : span(task.submitted_at, task.done_at)),
  );
}
