import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { ApiError, Client, NetworkError, QuotaError, verifyWebhook, WaitTimeoutError } from "celerity-client";

/** A server that answers one request after the other as the functions say. */
async function serve(...answers) {
  const asked = [];
  const server = createServer((req, res) => {
    asked.push(req);
    (answers.shift() ?? ((_, last) => last.writeHead(500).end()))(req, res);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${server.address().port}`;
  return { asked, client: (options) => new Client(url, "key", { firstDelay: 0.001, ...options }) };
}

const json = (status, text, headers) => (_, res) =>
  res.writeHead(status, { "content-type": "application/json", ...headers }).end(text);

test("integers of any size go both ways", async () => {
  let sent = "";
  const { client } = await serve(
    (req, res) => {
      req.on("data", (chunk) => (sent += chunk)).on("end", () => res.writeHead(202).end('{"id":"1"}'));
    },
    json(
      200,
      '{"text":"\\"12345678901234567890\\\\","n":[12345678901234567890,-1,1.5,1e3,9007199254740993]}',
    ),
  );
  const task = await client({ exactNumbers: true }).submit("t", [2n ** 70n, "7"]);
  assert.equal(JSON.stringify(JSON.parse(sent).args[1]), '"7"');
  assert.match(sent, /"args":\[1180591620717411303424,"7"\]/);
  const { text, n } = await task.result();
  assert.equal(text, '"12345678901234567890\\');
  assert.deepEqual(n, [12345678901234567890n, -1, 1.5, 1000, 9007199254740993n]);
});

test("an answer that is no problem document is an ApiError too", async () => {
  const { client } = await serve(
    json(418, "<html>"),
    json(429, '{"type":"https://x/types#quota-exceeded"}', {}),
  );
  await assert.rejects(client().task("1").get(), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.type, error.status, error.detail], ["unknown", 418, "<html>"]);
    return true;
  });
  await assert.rejects(client({ attempts: 1 }).task("1").get(), {
    constructor: QuotaError,
    type: "quota-exceeded",
  });
});

test("a Retry-After may be a date, and is waited for", async () => {
  const soon = new Date(Date.now() + 2000).toUTCString();
  const { client, asked } = await serve(
    json(503, "{}", { "retry-after": soon }),
    json(200, '{"state":"SUCCESS"}'),
  );
  const begin = Date.now();
  await client().task("1").get();
  assert.ok(Date.now() - begin > 500);
  assert.equal(asked.length, 2);
});

test("a task that does not end in time", async () => {
  const running = json(200, '{"terminal":false}', { "retry-after": "0" });
  const { client } = await serve(...Array.from({ length: 10_000 }, () => running));
  await assert.rejects(client().task("1").wait({ timeout: 0.2 }), WaitTimeoutError);
});

test("nobody listens", async () => {
  const client = new Client("http://127.0.0.1:1", undefined, { firstDelay: 0.001 });
  await assert.rejects(client.task("1").get(), NetworkError);
});

test("who is not asked for any more is not waited for", async () => {
  const { client } = await serve(() => undefined);
  await assert.rejects(
    client()
      .task("1")
      .wait({ signal: AbortSignal.timeout(50) }),
    { name: "TimeoutError" },
  );
});

test("events come in pieces, and go on after a break", async () => {
  const { client, asked } = await serve(
    (_, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("retry: 1\r\n\r\n: comment\n\nid: 1\nevent: pro");
      setTimeout(() => res.write('gress\ndata: {"meta":\ndata: 1}\n\nid: 2\nevent: state\ndata: {"half'), 10);
      setTimeout(() => res.destroy(), 50);
    },
    (_, res) => res.writeHead(200).end("id: 2\nevent: state\ndata: {}\n\n"),
    (_, res) => res.writeHead(204).end(),
  );
  const seen = [];
  for await (const event of client().task("1").events()) seen.push(event);
  assert.deepEqual(seen, [
    { event: "progress", id: "1", data: { meta: 1 } },
    { event: "state", id: "2", data: {} },
  ]);
  assert.deepEqual(
    asked.map(({ headers }) => headers["last-event-id"]),
    [undefined, "1", "2"],
  );
});

/** The example of Standard Webhooks. */
test("a webhook", async () => {
  const headers = new Headers({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const verify = (seconds) =>
    verifyWebhook('{"test": 2432232314}', headers, secret, { now: new Date(seconds * 1000) });
  assert.deepEqual(await verify(1614265630), { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", test: 2432232314 });
  await assert.rejects(verify(1614265631), { name: "WebhookError" });
  await assert.rejects(verify(1614265029), { name: "WebhookError" });
});

test("a stream that does not begin in time is opened again", async () => {
  const { client, asked } = await serve(
    () => undefined,
    (_, res) => res.writeHead(200).end("id: 1\nevent: state\ndata: {}\n\nid: 2\nevent: end\ndata: {}\n\n"),
  );
  const seen = [];
  for await (const { event } of client({ timeout: 0.1 }).task("1").events()) seen.push(event);
  assert.deepEqual(seen, ["state"]);
  assert.equal(asked.length, 2);
});
