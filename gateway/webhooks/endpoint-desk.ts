/** What callers do with endpoints. */
import { randomUUID } from "node:crypto";
import { type Egress, ForbiddenUrlError } from "../../egress/index.ts";
import type { Caller } from "../access/caller.ts";
import { Problem } from "../problems.ts";
import { writeJson } from "../task-view.ts";
import { TEST_EVENT_TYPE } from "./callback.ts";
import { requireConsent } from "./consent.ts";
import type { Deliverer } from "./deliverer.ts";
import type { Delivery } from "./delivery.ts";
import type { DeliveryLog } from "./delivery-log.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import {
  type EndpointRequest,
  rotateSecret,
  type SecretRequest,
  secretOf,
  switchEndpoint,
  toEndpoint,
} from "./endpoint-request.ts";
import type { WebhookSettings } from "./options.ts";
import { CONTENT_TYPES, envelope } from "./payload.ts";
import { deliveryId, tenantPrefix } from "./places.ts";

export interface EndpointDeskOptions {
  readonly book: EndpointBook;
  readonly log: DeliveryLog;
  readonly deliverer: Deliverer;
  readonly egress: Egress;
  readonly settings: WebhookSettings;
  /** The name under which endpoints are asked for their consent. */
  readonly origin: string;
  readonly publicUrl: string;
  readonly allowTraceback: boolean;
  readonly now: () => number;
}

/** An endpoint after a change. */
export interface ChangedEndpoint {
  readonly endpoint: Endpoint;
  /** New, and to be shown now. */
  readonly secret?: string;
  readonly isNew: boolean;
}

export class EndpointDesk {
  readonly #options: EndpointDeskOptions;

  constructor(options: EndpointDeskOptions) {
    this.#options = options;
  }

  /** Makes or replaces it, when its URL may be called and wants to be. */
  async put(caller: Caller, name: string, request: EndpointRequest): Promise<ChangedEndpoint> {
    const { book, settings, allowTraceback, now } = this.#options;
    const { tenant } = caller;
    requireCallable(this.#options.egress, request.url, "/url");
    const secret = secretOf(request);
    const before = (await book.find(tenantPrefix(tenant), name))?.endpoint;
    if (before === undefined && (await book.count(tenant, settings.endpoints)) >= settings.endpoints)
      throw new Problem("too-many-endpoints", { members: { limit: settings.endpoints } });
    const consent = await this.#consentOf(caller, request, before);
    const traceback = allowTraceback || caller.has("results:traceback");
    const endpoint = await book.change(tenantPrefix(tenant), name, (there) =>
      toEndpoint(name, request, there, { secret, consent, caller, traceback, nowMs: now() }),
    );
    if (endpoint === undefined) throw new Problem("unknown-endpoint");
    const isShown = endpoint.secrets[0]?.secret === secret;
    return { endpoint, isNew: before === undefined, ...(isShown ? { secret } : {}) };
  }

  async switch(tenant: string | undefined, name: string, disabled: boolean): Promise<Endpoint> {
    return this.#change(tenant, name, (there) => switchEndpoint(there, disabled, this.#options.now()));
  }

  async rotate(tenant: string | undefined, name: string, request: SecretRequest): Promise<ChangedEndpoint> {
    const secret = secretOf(request);
    const endpoint = await this.#change(tenant, name, (there) =>
      rotateSecret(there, secret, request, this.#options.now()),
    );
    return { endpoint, secret, isNew: false };
  }

  /** Sends an event that is about nothing, to a disabled endpoint too; resolves with the delivery. */
  async test(tenant: string | undefined, name: string, base: string): Promise<Delivery> {
    const { book, log, deliverer, publicUrl, now } = this.#options;
    const { url, format } = await book.get(tenant, name);
    const taskId = randomUUID();
    const nowMs = now();
    const id = deliveryId({ firstSentAtMs: nowMs, taskId, event: "test", target: name });
    const news = { id, type: TEST_EVENT_TYPE, entry: { id: taskId }, trace: {} };
    const body = writeJson(envelope(news, { endpoint: name }, { format, base: publicUrl + base, nowMs }));
    const prefix = tenantPrefix(tenant);
    await log.make(prefix, {
      ...{ id, taskId, task: "", type: TEST_EVENT_TYPE, endpoint: name, url },
      ...{ body, contentType: CONTENT_TYPES[format] },
    });
    deliverer.wake();
    const known = await log.find(prefix + id);
    if (known === undefined) throw new Problem("unknown-delivery");
    return known.delivery;
  }

  async #change(
    tenant: string | undefined,
    name: string,
    change: (there: Endpoint) => Endpoint,
  ): Promise<Endpoint> {
    const changed = await this.#options.book.change(
      tenantPrefix(tenant),
      name,
      (there) => there && change(there),
    );
    if (changed === undefined) throw new Problem("unknown-endpoint");
    return changed;
  }

  /** Whether the endpoint is one that was asked. Only who runs the gateway may have a tenant's endpoint not asked. */
  async #consentOf(caller: Caller, request: EndpointRequest, before: Endpoint | undefined): Promise<boolean> {
    const { egress, origin, settings } = this.#options;
    const isTenants = caller.tenant !== undefined;
    const { consent = isTenants } = request;
    if (isTenants && !consent && !caller.has("admin")) {
      throw new Problem("insufficient-scope", {
        detail: '"consent" can be false only with the scope admin.',
        members: { scope: "admin" },
      });
    }
    const wasGiven = before?.consent === true && before.url === request.url;
    if (consent && !wasGiven)
      await requireConsent(request.url, { egress, origin, timeoutMs: settings.timeoutMs });
    return consent;
  }
}

/** Throws Problem `blocked-address` for a URL that may not be called, as far as that shows without a name server. */
export function requireCallable(egress: Egress, url: string, pointer: string): void {
  try {
    egress.check(url);
  } catch (error) {
    if (!(error instanceof ForbiddenUrlError)) throw error;
    const detail = error.message;
    throw new Problem("blocked-address", { detail, members: { errors: [{ pointer, detail }] } });
  }
}
