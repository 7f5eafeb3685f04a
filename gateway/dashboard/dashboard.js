/** The dashboard: connects the list, the form and the open task, and follows the gateway. */
import { ApiError, curlCommand } from "./api.js";
import { byId, copy } from "./dom.js";
import { openEvents } from "./event-stream.js";
import { startSendForm } from "./send-form.js";
import { closeDetail, openDetail } from "./task-detail.js";
import { loadTasks, selectTask, startTaskList, updateTask } from "./task-list.js";
import { refreshAges } from "./times.js";

const HEALTH_INTERVAL_MS = 10_000;
const AGE_INTERVAL_MS = 5000;

/** The address says what is open: `#/`, `#/send` or `#/tasks/{id}`. */
function route() {
  const [, id] = /^#\/tasks\/([^/]+)$/.exec(location.hash) ?? [];
  document.body.classList.toggle("has-detail", id !== undefined);
  byId("send").hidden = id !== undefined;
  selectTask(id);
  if (id !== undefined) {
    openDetail(decodeURIComponent(id));
    return;
  }
  closeDetail();
  if (location.hash === "#/send") {
    byId("send").scrollIntoView();
    byId("task").focus();
  }
}

/** Follows all tasks; whenever the connection is there again, the list is read again. */
function followTasks() {
  openEvents("v1/events", {
    on(name, data) {
      if (name === "state") updateTask(data);
      if (name !== "ready") return;
      void reload();
      void checkHealth();
    },
    onLost: () => showHealth("lost", "No connection"),
    onRefused() {
      showHealth("lost", "No connection");
      setTimeout(followTasks, HEALTH_INTERVAL_MS);
    },
  });
}

async function reload() {
  try {
    await loadTasks();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showHealth("lost", error.message);
  }
}

async function checkHealth() {
  try {
    const { ready, reason } = await (await fetch("readyz")).json();
    showHealth(ready ? "ready" : "lost", ready ? "Ready" : (reason ?? "Not ready"));
  } catch {
    showHealth("lost", "No connection");
  }
}

function showHealth(tone, text) {
  byId("health").dataset.tone = tone;
  if (byId("health-text").textContent !== text) byId("health-text").textContent = text;
}

byId("empty-curl").textContent = curlCommand('{"task":"examples.add","args":[2,3]}', "wait=10");
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => void copy(button, byId(button.dataset.copy).textContent));
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && location.hash.startsWith("#/tasks/")) location.hash = "#/";
});
startTaskList();
startSendForm((id) => {
  location.hash = `#/tasks/${id}`;
});
window.addEventListener("hashchange", route);
route();
followTasks();
setInterval(() => void checkHealth(), HEALTH_INTERVAL_MS);
setInterval(refreshAges, AGE_INTERVAL_MS);
