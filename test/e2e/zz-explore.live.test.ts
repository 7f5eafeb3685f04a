import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startPythonWorker } from "../helpers/python.ts";
import { POLL, startCell, startPlace } from "./matrix-cell.ts";
import { pythonTasks } from "./places.ts";

test.each(["RabbitMQ", "Redis"] as const)("explore %s", async (broker) => {
  const place = await startPlace(broker, "latest");
  const cell = await startCell(place, ["-P", "prefork", "-c", "2"]);
  const py = await startPythonWorker({ version: "latest", broker: place.broker, backend: place.backend, env: pythonTasks.env, app: "matrix_tasks", args: ["-Q", "py"] });
  const { python } = cell;
  const out: unknown[] = [];
  const ask = async (method: string, args: object = {}) => {
    const replies = await python.control("broadcast", [method], { arguments: args, reply: true, destination: [cell.node, py.name], timeout: 10 });
    const all = Object.assign({}, ...(replies as object[]));
    out.push({ method, args, ts: all[cell.node], py: all[py.name] });
    return all;
  };
  const gates = ["a","b","c"];
  for (const g of gates) { await cell.send("m.gate", [cell.folder, g]); await cell.python.send("py.gate", [cell.folder], {}, {queue: "py"}); }
  await cell.send("m.add", [1, 2], { countdown: 600 });
  const pylater = await cell.python.send("py.echo", [1, 2], {}, { queue: "py", countdown: 600 });
  await cell.untilStarted("a");
  await expect.poll(async () => { const r = await ask("active"); return (r[py.name] as unknown[]).length }, POLL).toBe(2);
  await expect.poll(async () => { const r = await ask("scheduled"); return (r[py.name] as unknown[]).length }, POLL).toBe(1);
  for (const m of ["ping","report","conf","clock","stats","scheduled","reserved","active","revoked","registered","memsample","memdump","memsample","memsample","memdump","active_queues","objgraph","nosuch"]) await ask(m);
  await ask("active", {safe:true});

  await ask("hello", {from_node: "x@y", revoked: {"one": 5}});
  await ask("hello", {from_node: "x@y", revoked: ["two"]});
  await ask("query_task", {ids: [pylater]});
  await ask("query_task", {ids: pylater});
  await ask("registered", {taskinfoitems: ["rate_limit","max_retries", "nosuch"]});

  await ask("revoke", {task_id: "x1"}); await ask("revoke", {task_id: ["x1","x2"]});
  await ask("revoke", {task_id: "x1", terminate: true}); await ask("revoke", {task_id: ["x1"], terminate: true, signal: "NOSUCH"});
  await ask("terminate", {signal: "KILL", task_id: ["x1"]});
  await ask("revoke_by_stamped_headers", {headers: {a: ["1","2"]}});
  await ask("revoke_by_stamped_headers", {headers: ["a=1","b=2"]});
  await ask("revoke_by_stamped_headers", {headers: {a: "1"}, terminate: true});
  await ask("rate_limit", {task_name: "m.add", rate_limit: "5/s"});
  await ask("rate_limit", {task_name: "py.echo", rate_limit: "5/s"});
  for (const r of ["0", 0, null, "x", "5/d", 10, "10/m", ""]) { await ask("rate_limit", {task_name: "examples.add", rate_limit: r}); }
  await ask("time_limit", {task_name: "m.add", soft: 1, hard: 2});
  await ask("time_limit", {task_name: "py.echo", soft: 1, hard: 2});
  await ask("time_limit", {});
  await ask("election", {id: "i", topic: "t"});
  for (const m of ["enable_events","enable_events","disable_events","disable_events","heartbeat","pool_grow","pool_shrink","pool_restart"]) await ask(m);
  await ask("pool_grow",{n:2}); await ask("pool_shrink",{n:2}); await ask("pool_shrink",{n:20});
  await ask("autoscale",{max:4,min:1});
  await ask("add_consumer",{queue:"q1"}); await ask("add_consumer",{queue:"q2",exchange:"ex",exchange_type:"topic",routing_key:"a.#"});
  await ask("active_queues");
  await ask("cancel_consumer",{queue:"q1"});
  await ask("cancel_consumer",{queue:"nosuch"});
  await ask("add_consumer",{});
  await ask("revoked");
  for (const g of gates) await cell.open(g, 1, 2);
  await cell.open("", 1, 2).catch(()=>0);
  await import("node:fs/promises").then(f=>Promise.all([f.writeFile(cell.folder+"/1",""),f.writeFile(cell.folder+"/2","")]));
  writeFileSync(`/tmp/explore-${broker}.json`, JSON.stringify(out, null, 1));
}, 120_000);
