/** What close() does to those who are connected. */
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { openGateway } from "./place.ts";

const BODY = '{"task":"t"}';
const POST = `POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`;

async function half(port: number, beginning: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.write(beginning, resolve));
  return socket;
}

it("answers requests that it has begun to receive, and tells those that come now to connect anew", async () => {
  const { gateway, port } = await openGateway();
  const running = await half(port, POST + BODY.slice(0, 5));
  const coming = await half(port, "GET /healthz HTTP/1.1\r\nHost: local");
  const seen = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(seen.headers.get("connection")).toBe("keep-alive");
  const closing = gateway.close();
  let isClosed = false;
  void closing.then(() => {
    isClosed = true;
  });
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  coming.write("host\r\n\r\n");
  const told = await text(coming);
  expect(told).toMatch(/^HTTP\/1.1 200 /);
  expect(told.toLowerCase()).toContain("connection: close");
  expect(isClosed).toBe(false);
  running.write(BODY.slice(5));
  expect(await text(running)).toMatch(/^HTTP\/1.1 202 /);
  await closing;
});
