/** Light, dark, or as the system has it. */
import { createStore, type Store } from "./store.ts";

export type Theme = "auto" | "light" | "dark";

const STORED = "celerity-theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

export const themeState: Store<Theme> = createStore(stored());

function stored(): Theme {
  const text = localStorage.getItem(STORED);
  return THEMES.find((theme) => theme === text) ?? "auto";
}

/** Puts the theme on the page. Called once before anything is drawn, and by {@link nextTheme}. */
export function applyTheme(): void {
  const theme = themeState.get();
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** Auto, light, dark, auto… */
export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(themeState.get()) + 1) % THEMES.length] ?? "auto";
  localStorage.setItem(STORED, next);
  themeState.set(next);
  applyTheme();
}
