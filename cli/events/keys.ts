/** What keys do to the monitor. */
import { listedTasks, type Model } from "./view.ts";

/** What is left to do beside showing the model. */
export type Action =
  | { readonly kind: "quit" }
  | { readonly kind: "revoke"; readonly uuid: string; readonly terminate: boolean };

const MOVES: Readonly<Record<string, number>> = {
  j: 1,
  down: 1,
  k: -1,
  up: -1,
  pagedown: 10,
  pageup: -10,
  home: -Infinity,
  end: Infinity,
};

/** The model after a key, named as node:readline names them (`ctrl+c` with Ctrl). */
export function pressKey(model: Model, key: string): { readonly model: Model; readonly action?: Action } {
  if (key === "ctrl+c" || (key === "q" && !model.isAsking)) return { model, action: { kind: "quit" } };
  if (model.isAsking) return answer(model, key);
  const move = Object.hasOwn(MOVES, key) ? MOVES[key] : undefined;
  if (move !== undefined && model.page !== "workers") return { model: moveBy(model, move) };
  switch (key) {
    case "w":
      return { model: { ...model, page: model.page === "workers" ? "tasks" : "workers" } };
    case "escape":
      return { model: { ...model, page: "tasks" } };
    case "return":
    case "i":
      return { model: model.selected === undefined ? model : { ...model, page: "task" } };
    case "c":
      return { model: { ...model, isAsking: model.selected !== undefined && model.page !== "workers" } };
    default:
      return { model };
  }
}

function answer(model: Model, key: string): { readonly model: Model; readonly action?: Action } {
  const answered = { ...model, isAsking: false, notice: "" };
  const uuid = model.selected;
  if (uuid === undefined || (key !== "y" && key !== "t")) return { model: answered };
  return { model: answered, action: { kind: "revoke", uuid, terminate: key === "t" } };
}

/** Before the first move nothing is selected. */
function moveBy(model: Model, by: number): Model {
  const tasks = listedTasks(model);
  const at = tasks.findIndex(({ uuid }) => uuid === model.selected);
  const wanted = at === -1 ? 0 : Math.max(0, Math.min(tasks.length - 1, at + by));
  return { ...model, selected: tasks[wanted]?.uuid, notice: "" };
}
