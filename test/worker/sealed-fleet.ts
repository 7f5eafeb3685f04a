/** Keys of a fleet, and apps that seal with them. */
import { generateKeyPairSync } from "node:crypto";
import type { App, Settings } from "../../app/index.ts";
import type { WireMessage } from "../../protocol/index.ts";
import type { Delivery } from "../../transports/index.ts";
import { publishRaw, takeMessages, testApp } from "../helpers/worker.ts";

export interface KeyTexts {
  readonly privatePem: string;
  readonly publicPem: string;
}

export function newKeyTexts(): KeyTexts {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privatePem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}

/** The key of everybody in these tests. */
export const fleetKey: KeyTexts = newKeyTexts();

export const sealedSettings: Partial<Settings> = {
  messageSealing: "require",
  messageSealKey: fleetKey.privatePem,
  messageSealTrustedKeys: [fleetKey.publicPem],
};

/** An app of the fleet, on a memory broker of its own unless the settings name another. */
export function sealedApp(settings: Partial<Settings> = {}): App {
  return testApp({ ...sealedSettings, ...settings });
}

/** A sealed message of a call, as it would arrive; it is not sent. */
export async function sealedMessage(
  app: App,
  task: string,
  options: Parameters<App["producer"]["prepare"]>[1] = {},
): Promise<WireMessage> {
  return app.sealing.sealTask(await app.producer.prepare(task, options)).message;
}

/** Puts a message on a queue as it stands. */
export function put(app: App, message: WireMessage, queue = "celery"): Promise<void> {
  return publishRaw(app, queue, message);
}

/** The next dead letter of a queue. */
export async function deadLetter(app: App, queue = "celery"): Promise<Delivery> {
  await (await app.connection()).declareQueue({ name: `${queue}.dead` });
  const [letter] = await takeMessages(app, `${queue}.dead`, 1);
  if (letter === undefined) throw new Error("There is no dead letter.");
  return letter;
}

export async function queueSize(app: App, queue: string): Promise<number> {
  return await (await app.connection()).queueSize(queue);
}
