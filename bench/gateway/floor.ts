/** The least a gateway can do: parse the request, build the message, wait for Redis, answer with the id. */
import { createServer } from "node:http";
import { Redis } from "ioredis";
import { readInput, reportReady } from "../lib/child.ts";
import { taskEnvelope } from "../lib/message.ts";
import type { ServerInput } from "./bench.ts";

const { broker, port } = readInput<ServerInput>();
const redis = new Redis(broker);

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (part: string) => {
    text += part;
  });
  request.on("end", async () => {
    const { task } = JSON.parse(text) as { task: string };
    const payload = taskEnvelope();
    await redis.lpush("celery", payload);
    response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify({ task }));
  });
});
server.listen(port, "127.0.0.1", reportReady);
