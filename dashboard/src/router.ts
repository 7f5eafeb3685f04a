/** The address says what is open: `#/tasks/{id}?…`. */
import { useEffect, useState } from "preact/hooks";

/** Where the page is. */
export interface Place {
  /** Decoded segments: `#/tasks/a%2Fb` is `["tasks", "a/b"]`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/** The place that an address of the page names. */
export function parseHash(hash: string): Place {
  const [path = "", query = ""] = splitOnce(hash.replace(/^#/, ""), "?");
  return {
    segments: path.split("/").filter(Boolean).map(decode),
    query: new URLSearchParams(query),
  };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The parameters of a place that fits a pattern such as `tasks/:id`; undefined when it does not. */
export function match(pattern: string, segments: readonly string[]): Record<string, string> | undefined {
  const parts = pattern.split("/").filter(Boolean);
  if (parts.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of parts.entries()) {
    const value = segments[at] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}

/** Values of a query; undefined and empty ones are left out. */
export type QueryValues = Readonly<Record<string, string | undefined>>;

/** A link: `href(["tasks", id], { state: "FAILURE" })`. */
export function href(segments: readonly string[], query: QueryValues = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") params.set(name, value);
  const path = `#/${segments.map(encodeURIComponent).join("/")}`;
  return params.size === 0 ? path : `${path}?${params}`;
}

/** Goes there; the way back is in the browser's history. */
export function navigate(target: string): void {
  location.hash = target;
}

/** Puts values into the query of the present address, without a step in the history. */
export function setQuery(values: QueryValues): void {
  const { segments, query } = parseHash(location.hash);
  const next = href(segments, { ...Object.fromEntries(query), ...values });
  if (next === location.hash) return;
  history.replaceState(null, "", next);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Where the page is; the component is drawn again when that changes. */
export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = (): void => setHash(location.hash);
    window.addEventListener("hashchange", update);
    update();
    return () => window.removeEventListener("hashchange", update);
  }, []);
  return parseHash(hash);
}
