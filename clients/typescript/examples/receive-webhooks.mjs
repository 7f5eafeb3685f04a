// Receives what the gateway tells of tasks: WEBHOOK_SECRET=whsec_... node examples/receive-webhooks.mjs
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { verifyWebhook, WebhookError } from "celerity-client";

const secret = process.env.WEBHOOK_SECRET ?? "";
createServer(async (req, res) => {
  try {
    const { type, data } = await verifyWebhook(await buffer(req), req.headers, secret);
    console.log(type, data.id);
    res.writeHead(204).end();
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    res.writeHead(401).end();
  }
}).listen(8080);
