import { PROBLEMS, Problem, type ProblemName } from "../problems.ts";
import type { Route } from "../route.ts";

/** The page that a problem's type points to. */
export const problemPage: Route = {
  method: "GET",
  path: "/problems/{name}",
  access: "public",
  operation: { operationId: "problemPage", summary: "What a problem type means", tags: ["operation"] },
  responses: { 200: { description: "A short page.", contentType: "text/html; charset=utf-8" } },
  problems: ["not-found"],
  handle(exchange) {
    const name = exchange.param("name");
    if (!Object.hasOwn(PROBLEMS, name)) throw new Problem("not-found");
    exchange.send(200, "text/html; charset=utf-8", toPage(name as ProblemName), {
      "content-security-policy": "default-src 'none'; style-src 'self'",
      "cache-control": "max-age=3600",
    });
  },
};

/** Texts of our own, without characters that HTML would read. */
function toPage(name: ProblemName): string {
  const { status, title, text } = PROBLEMS[name];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="stylesheet" href="../problem.css">
<body>
<main>
<p class="status">${status} &middot; ${name}</p>
<h1>${title}</h1>
<p>${text}</p>
</main>
</body>
</html>
`;
}
