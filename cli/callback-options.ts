/** Flags for callbacks of the gateway. */
import { type Command, Option } from "commander";
import type { GatewayOptions, WebhookOptions } from "../gateway/index.ts";
import { readKeyFile } from "../signing/index.ts";

export interface CallbackFlags {
  readonly publicUrl?: string;
  readonly webhookSecret?: string;
  readonly webhookKey?: string;
  readonly egressAllow?: string;
}

export function withCallbackOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--public-url <url>", "where others find this gateway, for links in callbacks").env(
        "CELERITY_PUBLIC_URL",
      ),
    )
    .option("--webhook-secret <file>", "secrets that sign callbacks: whsec_ and whsk_, one a line")
    .option("--webhook-key <file>", "Ed25519 key for HTTP message signatures on callbacks")
    .option(
      "--egress-allow <list>",
      "networks, hosts and ports that callbacks may go to as well, as 10.1.0.0/16,hooks.internal,8080",
    );
}

/** What flags say, and of the rest what the configuration file does. Throws ConfigurationError for a file that cannot be read. */
export function callbackOptions(
  flags: CallbackFlags,
  file: Pick<GatewayOptions, "webhooks" | "egress"> = {},
): Pick<GatewayOptions, "webhooks" | "egress"> {
  const { publicUrl, webhookSecret, webhookKey, egressAllow } = flags;
  const webhooks: WebhookOptions = {
    ...file.webhooks,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(webhookSecret === undefined ? {} : { secrets: words(readKeyFile(webhookSecret), /\s+/) }),
    ...(webhookKey === undefined ? {} : { signingKey: webhookKey }),
  };
  if (egressAllow === undefined) return { webhooks, egress: file.egress ?? {} };
  const allowed = words(egressAllow, ",");
  const ports = allowed.filter((word) => /^\d+$/.test(word));
  const cidrs = allowed.filter((word) => word.includes("/"));
  return {
    webhooks,
    egress: {
      ...file.egress,
      allowCidrs: cidrs,
      allowPorts: ports.map(Number),
      allowHosts: allowed.filter((word) => !ports.includes(word) && !cidrs.includes(word)),
    },
  };
}

function words(text: string, separator: string | RegExp): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
