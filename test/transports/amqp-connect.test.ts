import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { textMessage } from "../../testing/transport.ts";
import { amqpUrl, freePorts, startRabbit, temporaryFolder } from "../helpers/services.ts";
import { amqpTransport, connectAmqp, newQueue, to } from "./amqp-connection.ts";

let url: string;

beforeAll(async () => {
  url = await amqpUrl();
});

function changed(change: (parts: URL) => void): string {
  const parts = new URL(url);
  change(parts);
  return parts.href;
}

const refused = (wrongUrl: string): Promise<unknown> =>
  amqpTransport(wrongUrl)
    .connect({ timeoutMs: 5000 })
    .then(
      () => undefined,
      (error: unknown) => error,
    );

test("a wrong password is refused, and kept secret", async () => {
  const wrong = changed((parts) => {
    parts.password = "wrong-secret";
  });
  const error = await refused(wrong);
  expect(error).toMatchObject({ code: "broker_refused", message: expect.stringContaining("ACCESS_REFUSED") });
  expect(String(error)).not.toContain("wrong-secret");
});

test("a vhost that does not exist is refused by name", async () => {
  const error = await refused(
    changed((parts) => {
      parts.pathname = "/no-such-vhost";
    }),
  );
  expect(error).toMatchObject({
    code: "broker_refused",
    message: expect.stringContaining('"no-such-vhost"'),
  });
});

test("a port where nobody listens is unavailable", async () => {
  const port = await freePorts(1);
  expect(await refused(`amqp://127.0.0.1:${port}`)).toMatchObject({
    code: "broker_unavailable",
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
});

test.each([
  ["says nothing", () => undefined],
  [
    "speaks something else",
    (socket: { end(text: string): void }) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  ],
])("a server that %s is unavailable", async (_what, answer) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await expect(amqpTransport(`amqp://127.0.0.1:${port}`).connect({ timeoutMs: 300 })).rejects.toMatchObject({
    code: "broker_unavailable",
  });
  server.close();
});

test("AMQPLAIN logs in as well", async () => {
  const connection = await connectAmqp(url, { loginMethod: "AMQPLAIN" });
  await newQueue(connection);
});

describe("TLS", () => {
  let secureUrl: string;
  let certificate: string;

  beforeAll(async () => {
    const folder = await temporaryFolder();
    certificate = join(folder, "certificate.pem");
    const key = join(folder, "key.pem");
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
    const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    execFileSync("openssl", [...request, ...names, "-keyout", key, "-out", certificate], { stdio: "pipe" });
    const port = await freePorts(1);
    const options = { cacertfile: certificate, certfile: certificate, keyfile: key };
    const lines = Object.entries(options).map(([name, file]) => `ssl_options.${name} = ${file}`);
    await startRabbit([`listeners.ssl.1 = 127.0.0.1:${port}`, ...lines]);
    secureUrl = `amqps://guest:guest@127.0.0.1:${port}//`;
  });

  test.each(["127.0.0.1", "localhost"])("with the right authority, as %s", async (host) => {
    const named = secureUrl.replace("127.0.0.1", host);
    const connection = await connectAmqp(`${named}?ssl_ca_certs=${encodeURIComponent(certificate)}`);
    const queue = await newQueue(connection);
    await connection.publish(textMessage("secret"), to(queue));
    expect(await connection.queueSize(queue.name)).toBe(1);
  });

  test("with an unknown authority is unavailable, unless that is fine", async () => {
    expect(await refused(secureUrl)).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("self-signed"),
    });
    await newQueue(await connectAmqp(secureUrl, { ssl: { certReqs: "none" } }));
  });

  test("for another server is unavailable", async () => {
    const ssl = { caCerts: certificate, serverHostname: "rabbit.example" };
    await expect(connectAmqp(secureUrl, { ssl })).rejects.toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("rabbit.example"),
    });
  });

  test("with a file that does not exist is a wrong setting", async () => {
    const connecting = connectAmqp(secureUrl, { ssl: { caCerts: "/no/such/file.pem" } });
    await expect(connecting).rejects.toMatchObject({
      code: "bad_config",
      message: expect.stringContaining("ssl.caCerts"),
    });
  });
});
