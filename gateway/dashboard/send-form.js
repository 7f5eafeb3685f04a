/** The form that sends a task. */
import { ApiError, curlCommand, fetchJson, sendTask } from "./api.js";
import { announce, byId, h } from "./dom.js";
import { jsonProblem } from "./json-text.js";

/** Fields by name; `check` says what is wrong with a text, `json` is what goes into the body. */
const FIELDS = {
  task: {
    check: (text) => (text === "" ? "Which task? Write its name." : undefined),
    json: JSON.stringify,
  },
  args: { check: (text) => (text === "" ? undefined : jsonProblem(text, "list")), json: (text) => text },
  kwargs: { check: (text) => (text === "" ? undefined : jsonProblem(text, "object")), json: (text) => text },
  queue: { check: () => undefined, json: JSON.stringify },
  delay: {
    check: (text) =>
      text === "" || /^\d+(\.\d+)?$/.test(text) ? undefined : "Write a number of seconds, such as 30.",
    json: (text) => String(Number(text)),
  },
  priority: {
    check: (text) => (/^\d?$/.test(text) ? undefined : "Write a number from 0 to 9."),
    json: (text) => text,
  },
};

const CHECK_DELAY_MS = 600;

let checkTimer;
let catalog = { tasks: [], queues: [] };

/** Connects the form; `onSent` is told the id of a task that was sent. */
export function startSendForm(onSent) {
  const form = byId("send-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(onSent);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("input", ({ target }) => {
    if (target.name in FIELDS) showError(target.name, "");
    if (target.name === "task") showParams();
    showCurl();
    checkLater(target.name);
  });
  byId("task").addEventListener("focus", () => void loadCatalog());
  showCurl();
  void loadCatalog();
}

/** Shows a mistake when the writing pauses: not at every key, nor when the field is left, which would move a button away under the click. */
function checkLater(name) {
  clearTimeout(checkTimer);
  checkTimer = setTimeout(() => {
    if (name in FIELDS && textOf(name) !== "") showError(name, problemOf(name) ?? "");
  }, CHECK_DELAY_MS);
}

/** Names to choose from; without them the form works all the same. */
async function loadCatalog() {
  try {
    catalog = await fetchJson("v1/catalog");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return;
  }
  byId("task-names").replaceChildren(...catalog.tasks.map(({ name }) => h("option", { value: name })));
  byId("queue-names").replaceChildren(...catalog.queues.map((name) => h("option", { value: name })));
  showParams();
}

function showParams() {
  const known = catalog.tasks.find(({ name }) => name === textOf("task"));
  byId("task-hint").textContent =
    known?.params === undefined
      ? ""
      : known.params.length === 0
        ? "It takes no arguments."
        : `It takes ${known.params.join(", ")}.`;
}

function textOf(name) {
  return byId(name).value.trim();
}

function problemOf(name) {
  return FIELDS[name].check(textOf(name));
}

function showError(name, text) {
  byId(`${name}-error`).textContent = text;
  if (text === "") byId(name).removeAttribute("aria-invalid");
  else byId(name).setAttribute("aria-invalid", "true");
}

/** The body as JSON text, made of the texts in the fields: numbers stay as they were typed. */
function toBody() {
  const filled = Object.entries(FIELDS).filter(([name]) => textOf(name) !== "");
  return `{${filled.map(([name, { json }]) => `"${name}":${json(textOf(name))}`).join(",")}}`;
}

function showCurl() {
  byId("form-curl").textContent = curlCommand(toBody());
}

async function submit(onSent) {
  byId("send-error").textContent = "";
  const wrong = Object.keys(FIELDS).filter((name) => {
    const problem = problemOf(name);
    showError(name, problem ?? "");
    return problem !== undefined;
  });
  if (wrong.length > 0) return focusField(wrong[0]);
  const button = byId("send-button");
  button.disabled = true;
  try {
    const { id, task } = await sendTask(toBody());
    announce(`${task} was sent`);
    onSent(id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showProblem(error);
  } finally {
    button.disabled = false;
  }
}

/** Errors go to their fields, the rest above the button. */
function showProblem({ message, title, errors }) {
  const placed = errors.filter(({ pointer, detail }) => {
    const [, name] = pointer.split("/");
    if (!(name in FIELDS)) return false;
    showError(name, detail);
    return true;
  });
  if (placed.length > 0) focusField(placed[0].pointer.split("/")[1]);
  else byId("send-error").textContent = message ?? title;
}

function focusField(name) {
  const field = byId(name);
  field.closest("details")?.setAttribute("open", "");
  field.focus();
}
