/** Commands for a terminal that do what the page does. */
import { currentKey } from "./key.ts";

/** Where the gateway is, without a slash at its end. */
export function gatewayUrl(): string {
  return new URL(".", document.baseURI).href.replace(/\/$/, "");
}

/** A curl command that sends a task; the body is quoted for a POSIX shell. */
export function curlCommand(body: string, prefer?: string): string {
  const lines = [
    `curl ${gatewayUrl()}/v1/tasks`,
    "-H 'Content-Type: application/json'",
    ...(currentKey() === null ? [] : ['-H "Authorization: Bearer $CELERITY_KEY"']),
    ...(prefer === undefined ? [] : [`-H 'Prefer: ${prefer}'`]),
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ];
  return lines.join(" \\\n  ");
}
