/** A page that is one file: nothing is loaded, and nothing runs but the script that is named by its digest. */
import { createHash } from "node:crypto";
import { STYLE } from "./style.ts";
import { Html, html } from "./template.ts";

export interface PageParts {
  readonly title: string;
  readonly main: Html;
  /** JavaScript of our own. */
  readonly script?: string;
}

export function toPage({ title, main, script }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `style-src ${digestOf(STYLE)}`,
    ...(script === undefined ? [] : [`script-src ${digestOf(script)}`]),
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${main}
</main>
${script !== undefined && html`<script>${new Html(script)}</script>`}
</body>
</html>
`.toString();
}

function digestOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
