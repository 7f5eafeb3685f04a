// Does the steps of ../../scenario.json and prints a line of JSON for each. For the tests of Celerity; not published.
import { readFileSync } from "node:fs";
import { ApiError, Client, TaskFailedError, verifyWebhook, WebhookError } from "celerity-client";

const { CELERITY_URL, CELERITY_API_KEY, SCENARIO, WEBHOOKS, URL_BUSY, URL_CUT, URL_DOWN } = process.env;
const URLS = { busy: URL_BUSY, cut: URL_CUT, down: URL_DOWN };
const webhooks = JSON.parse(readFileSync(WEBHOOKS, "utf8"));
const { steps } = JSON.parse(readFileSync(SCENARIO, "utf8"));
const saved = new Map();

/** `$name` is what was saved under it; `$unique-...` a text of this run. */
function filledIn(value) {
  if (typeof value !== "string" || !value.startsWith("$")) return value;
  const name = value.slice(1);
  if (!saved.has(name) && name.startsWith("unique-")) saved.set(name, crypto.randomUUID());
  return saved.get(name);
}

function optionsOf({ kwargs, options: { delay_s, expires_s, idempotency_key, ...options } = {} }) {
  return {
    ...options,
    kwargs,
    delay: delay_s,
    expires: expires_s,
    idempotencyKey: filledIn(idempotency_key),
  };
}

const ACTIONS = {
  async submit(client, step) {
    const { id, task, state } = await client.submit(step.task, step.args, optionsOf(step));
    return { id, task, state };
  },
  async get(client, { id }) {
    const { state, result } = await client.task(id).get();
    return { id, state, result };
  },
  async wait(client, { id, timeout_s: timeout }) {
    const { state, result } = await client.task(id).wait({ timeout });
    return { id, state, result };
  },
  async call(client, step) {
    return {
      result: await client.call(step.task, step.args, { ...optionsOf(step), timeout: step.timeout_s }),
    };
  },
  result: (client, { id }) => client.task(id).result({ timeout: 30 }),
  async exact(client, { task, args, timeout_s: timeout }) {
    return String(await client.call(task, args, { timeout }));
  },
  async stream(client, { task, args }) {
    const [states, progress] = [new Set(), []];
    let result;
    for await (const { event, data } of (await client.submit(task, args)).events()) {
      if (event === "state") states.add(data.state);
      if (event === "progress") progress.push(data.meta.done);
      if (event === "result") result = data.result;
    }
    for (const state of ["PENDING", "ACCEPTED", "STARTED"]) states.delete(state);
    return { states: [...states], progress, result };
  },
  async cancel(client, { id }) {
    await client.task(id).cancel();
    return { id };
  },
  async batch(client, { items }) {
    const answers = await client.batch(items);
    return {
      statuses: answers.map(({ status }) => status),
      problems: answers.map(({ problem }) => problem?.type ?? null),
    };
  },
  async workflow(client, { canvas, timeout_s: timeout }) {
    const { state, result } = await (await client.workflow(canvas)).wait({ timeout });
    return { state, result };
  },
  async verify(_, { webhook }) {
    const { body_base64, headers, secret } = webhooks[webhook];
    try {
      const { type } = await verifyWebhook(Buffer.from(body_base64, "base64"), headers, secret);
      return { valid: true, type };
    } catch (error) {
      if (error instanceof WebhookError) return { valid: false };
      throw error;
    }
  },
};

for (const { name, save, key, url, ...step } of steps) {
  const line = { step: name };
  try {
    const given = { ...step, id: filledIn(step.id) };
    const client = new Client(URLS[url] ?? CELERITY_URL, key === "none" ? undefined : CELERITY_API_KEY, {
      exactNumbers: true,
    });
    line.value = await ACTIONS[step.do](client, given);
    if (save !== undefined) saved.set(save, line.value.id);
  } catch (error) {
    if (error instanceof ApiError) {
      Object.assign(line, { problem: error.type, status: error.status });
      if (error instanceof TaskFailedError) line.error = error.error?.message;
      line.pointers = error.errors.map(({ pointer }) => pointer);
    } else line.broken = String(error?.stack ?? error);
  }
  console.log(JSON.stringify(line));
}
