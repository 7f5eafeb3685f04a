/**
 * Calls the management API of a RabbitMQ started here, which listens on the port after AMQP's. `path` comes after
 * `/api/`, for example `queues/t3/celery`. Resolves to the parsed answer, undefined when it is empty; rejects when it is
 * not a success.
 */
export async function rabbitApi(
  amqpUrl: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { hostname, port, username, password } = new URL(amqpUrl);
  const answer = await fetch(`http://${hostname}:${Number(port) + 1}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${btoa(`${username}:${password}`)}`,
      "content-type": "application/json",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`RabbitMQ answered ${answer.status} to ${method} ${path}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
