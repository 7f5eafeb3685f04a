/** The web side: it queues reports, shows how far they are, and hands them out. */
import { chord, createApp, isTaskError } from "celerity";
import express from "express";

const app = createApp();

interface Orders {
  readonly count: number;
  readonly revenue: number;
}
type Costs = Readonly<Record<string, number>>;

const orders = app.taskRef<[month: string], Orders>("reports.orders");
const costs = app.taskRef<[month: string], Costs>("reports.costs");
const render = app.taskRef<[figures: readonly [Orders, Costs], month: string], string>("reports.render");

const FORM = `<!doctype html>
<title>Reports</title>
<form method="post" action="/reports">
  <input type="month" name="month" value="2026-10" required> <button>Make the report</button>
</form>
`;

const web = express().use(express.urlencoded());

web.get("/", (_request, response) => {
  response.send(FORM);
});

web.post("/reports", async (request, response) => {
  const month = String(request.body?.month);
  if (!/^\d{4}-\d{2}$/.test(month)) {
    response.status(400).type("text").send("The month is written as 2026-10.\n");
    return;
  }
  const report = await chord([orders.s(month), costs.s(month)], render.s(month)).delay();
  response.redirect(303, `/reports/${report.id}`);
});

/** A page that browsers ask for again every second, until it is the report. */
web.get("/reports/:id", async (request, response) => {
  const { state, result } = await app.result(request.params.id).details();
  response.type("text");
  if (state === "SUCCESS") {
    response.send(result);
  } else if (state !== "RETRY" && isTaskError(result)) {
    response.status(500).send(`There is no report: ${result.message}\n`);
  } else {
    response.set("Refresh", "1");
    response.status(202).send(`${doing(result)}...\n`);
  }
});

/** What reports.render has told that it is at, once it has. */
function doing(told: unknown): string {
  const isTold = typeof told === "object" && told !== null && "row" in told;
  return isTold ? `writing ${told.row}` : "gathering figures";
}

const port = Number(process.env["PORT"] ?? 3000);
web.listen(port, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${port}`));
