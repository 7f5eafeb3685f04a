/** One task: its state, what it went through, its result or why it failed. */
import { ApiError, fetchText } from "./api.js";
import { announce, badge, byId, codeBlock, copyButton, h, toneOf } from "./dom.js";
import { openEvents } from "./event-stream.js";
import { explainError, explainState } from "./explain.js";
import { prettyJson } from "./json-text.js";
import { clock, makeAge, span } from "./times.js";
import { followWorkflow } from "./workflow-graph.js";

/** Longest result that is shown; the rest is a click away. */
const MAX_SHOWN = 100_000;

let stopStream;
let drawing;

/** Opens the task of an id in the side panel, and follows it. */
export function openDetail(id) {
  closeDetail();
  const panel = byId("detail");
  const view = createView(id);
  panel.replaceChildren(view.element);
  panel.hidden = false;
  panel.focus({ preventScroll: true });
  follow(id, view);
  drawing = new AbortController();
  void followWorkflow(id, view.workflow, drawing.signal);
}

/** Stops following. */
export function closeDetail() {
  stopStream?.();
  drawing?.abort();
  byId("detail").hidden = true;
}

function follow(id, view) {
  const show = { state: view.showState, progress: view.showProgress, result: view.showResult };
  stopStream = openEvents(`v1/tasks/${encodeURIComponent(id)}/events`, {
    on: (name, data) => (name === "end" ? stopStream() : show[name]?.(data)),
    onRefused: () => void explainRefusal(id, view),
  });
}

async function explainRefusal(id, view) {
  try {
    await fetchText(`v1/tasks/${encodeURIComponent(id)}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    view.showProblem(error);
  }
}

function createView(id) {
  const title = h("h2", { id: "detail-title" }, "Task");
  const state = h("p", { className: "state-line" });
  const meaning = h("p", { className: "quiet" });
  const facts = h("dl", { className: "facts" });
  const timeline = h("ol", { className: "timeline", ariaLabel: "What happened" });
  const outcome = h("div", { className: "outcome" });
  const workflow = h("div", { className: "workflow-place" });
  const back = h("a", { href: "#/", className: "back" }, "Close");
  const head = h("div", { className: "panel-head" }, title, back);
  const idLine = h(
    "p",
    { className: "id-line" },
    h("code", {}, id),
    copyButton(() => id, "Copy id"),
  );
  const element = h("div", {}, head, idLine, state, meaning, outcome, timeline, workflow, facts);
  const steps = new Map();

  const addStep = (name, iso) => {
    if (steps.has(name)) return;
    steps.set(name, iso);
    const step = h(
      "li",
      { className: name === "ACCEPTED" ? "waiting" : toneOf(name) },
      h("span", {}, name),
      h("time", { dateTime: iso }, clock(iso)),
    );
    timeline.append(step);
  };

  return {
    element,
    workflow,
    showState(task) {
      title.textContent = task.task ?? "Task";
      state.replaceChildren(badge(task.state));
      meaning.textContent =
        task.error === undefined ? explainState(task) : `${explainState(task)} ${task.error.message}`;
      if (task.submitted_at !== undefined) addStep("ACCEPTED", task.submitted_at);
      if (task.state !== "PENDING") addStep(task.state, task.done_at ?? new Date().toISOString());
      facts.replaceChildren(...toFacts(task));
      if (!task.terminal) outcome.replaceChildren();
    },
    showProgress({ meta }) {
      outcome.replaceChildren(...toProgress(meta));
    },
    showResult(task) {
      announce(`${task.task ?? "The task"}: ${task.state}`);
      if (task.error === undefined) void showValue(id, outcome);
      else outcome.replaceChildren(...toFailure(task.error));
    },
    showProblem({ title: name, message }) {
      title.textContent = name;
      outcome.replaceChildren(h("p", { className: "error banner" }, message));
      announce(message);
    },
  };
}

function toFacts(task) {
  const facts = [
    ["Queue", task.queue],
    ["Sent", task.submitted_at && makeAge(h("time"), task.submitted_at)],
    ["Not before", task.eta && new Date(task.eta).toLocaleString()],
    ["Took", task.submitted_at && task.done_at && span(task.submitted_at, task.done_at)],
    ["Retries", task.retries === undefined ? undefined : String(task.retries)],
    ["Worker", task.worker],
  ];
  return facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

/** Progress in the forms that tasks use most: a bar when there is a number, and what else the task says. */
function toProgress(meta) {
  const share = shareOf(meta);
  const bar =
    share === undefined ? undefined : h("progress", { max: 1, value: share, ariaLabel: "Progress" });
  const percent =
    share === undefined ? undefined : h("p", { className: "percent" }, `${Math.round(share * 100)} %`);
  return [bar, percent, codeBlock(prettyJson(JSON.stringify(meta)))].filter((part) => part !== undefined);
}

function shareOf(meta) {
  if (typeof meta !== "object" || meta === null) return undefined;
  const { percent, current, done, total, of } = meta;
  const [part, whole] = [current ?? done, total ?? of];
  if (typeof percent === "number") return clamp(percent / 100);
  if (typeof part === "number" && typeof whole === "number" && whole > 0) return clamp(part / whole);
  return undefined;
}

function clamp(share) {
  return Math.min(1, Math.max(0, share));
}

/** The result as its own text: big integers would be rounded on the way through the event. */
async function showValue(id, outcome) {
  const path = `v1/tasks/${encodeURIComponent(id)}/result?nan=string`;
  try {
    const text = await fetchText(path);
    const pretty = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} ...` : prettyJson(text);
    const rest = text.length > MAX_SHOWN ? h("p", {}, h("a", { href: path }, "The whole result")) : undefined;
    outcome.replaceChildren(
      ...[h("h3", {}, "Result"), codeBlock(pretty), rest].filter((part) => part !== undefined),
    );
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    outcome.replaceChildren(h("p", { className: "error banner" }, error.message));
  }
}

function toFailure(error) {
  const traceback =
    typeof error.traceback === "string"
      ? h("details", { className: "options" }, h("summary", {}, "Traceback"), codeBlock(error.traceback))
      : undefined;
  const parts = [
    h(
      "div",
      { className: "failure" },
      h("h3", {}, error.type),
      h(
        "p",
        { className: "message" },
        error.args.length === 0 ? error.message : error.args.map(String).join(", "),
      ),
      h("p", { className: "quiet" }, explainError(error)),
    ),
    traceback,
  ];
  return parts.filter((part) => part !== undefined);
}
