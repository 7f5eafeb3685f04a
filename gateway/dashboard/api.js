/** Talks to the gateway. Paths are relative, so that the page works wherever the gateway is mounted. */

import { askForKey, currentKey } from "./key.js";

/** A problem (RFC 9457) that the gateway answered with, or that it could not be reached. */
export class ApiError extends Error {
  constructor({ title, detail, type = "", errors = [] }) {
    super(detail ?? title);
    this.title = title;
    this.type = type;
    this.errors = errors;
  }
}

/** Fetches JSON, or throws an ApiError. */
export async function fetchJson(path, options) {
  return (await fetchOk(path, options)).json();
}

/** Fetches text, or throws an ApiError. */
export async function fetchText(path) {
  return (await fetchOk(path)).text();
}

/** Fetches with the key that the gateway asks for, if it does: until there is one that it takes. */
export async function request(path, options = {}) {
  for (;;) {
    const key = currentKey();
    const headers = key === null ? options.headers : { ...options.headers, authorization: `Bearer ${key}` };
    const response = await fetch(path, { ...options, headers });
    if (response.status !== 401) return response;
    // Another request may have asked meanwhile.
    if (currentKey() === key) await askForKey();
  }
}

async function fetchOk(path, options) {
  let response;
  try {
    response = await request(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ title: "No answer", detail: "The gateway does not answer. Is it still running?" });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({ title: `The gateway answered ${response.status}` }));
  throw new ApiError(problem);
}

/** Sends a task and returns where to ask for it. `body` is JSON text, so that big integers stay as they were typed. */
export function sendTask(body) {
  return fetchJson("v1/tasks", { method: "POST", headers: { "content-type": "application/json" }, body });
}

/** Where the gateway is, for commands that are run elsewhere. */
export function gatewayUrl() {
  return new URL(".", document.baseURI).href.replace(/\/$/, "");
}

/** A curl command that sends a task; the body is quoted for a POSIX shell. */
export function curlCommand(body, prefer) {
  const lines = [
    `curl ${gatewayUrl()}/v1/tasks`,
    "-H 'Content-Type: application/json'",
    ...(currentKey() === null ? [] : ['-H "Authorization: Bearer $CELERITY_KEY"']),
    ...(prefer === undefined ? [] : [`-H 'Prefer: ${prefer}'`]),
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ];
  return lines.join(" \\\n  ");
}
