/** How callbacks are sent, and how much of them is kept. */
import type { TimedSecret } from "../../signing/index.ts";

/** Numbers that have defaults. */
export interface WebhookSettings {
  /** Seconds before each attempt, counted from the one before; as many attempts as there are numbers. */
  readonly scheduleSeconds: readonly number[];
  /** Part of a wait that is added to it at random, so that what failed together does not come back together. */
  readonly jitter: number;
  /** Time for one attempt. */
  readonly timeoutMs: number;
  /** Attempts at one time, in all and to one host. */
  readonly concurrency: number;
  readonly concurrencyPerHost: number;
  /** Pause for a target that answers 429, 502, 503 or 504 without Retry-After; and the longest that Retry-After may ask for. */
  readonly throttleSeconds: number;
  readonly maxRetryAfterSeconds: number;
  /** An endpoint is disabled when all its deliveries have failed for so long. */
  readonly disableAfterSeconds: number;
  /** How long the log keeps a delivery after its last change. */
  readonly retentionSeconds: number;
  /** Largest body that is sent; a result that does not fit is left out. */
  readonly bodyBytes: number;
  /** Endpoints of one tenant. */
  readonly endpoints: number;
  /** Tasks that are watched for callbacks, over all gateways. */
  readonly watchedTasks: number;
  /** Tasks whose end this process waits for; it looks for the others. */
  readonly waits: number;
  /** Seconds until the first look for a result, and between looks at most: each wait is twice the one before. */
  readonly firstLookSeconds: number;
  readonly maxLookSeconds: number;
  /** A task is given up when nothing was heard of it for so long after it could have started. */
  readonly giveUpSeconds: number;
  /** How often the store is asked for what other gateways left. */
  readonly pollMs: number;
}

export const DEFAULT_WEBHOOK_SETTINGS: WebhookSettings = {
  scheduleSeconds: [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
  jitter: 0.1,
  timeoutMs: 15_000,
  concurrency: 64,
  concurrencyPerHost: 8,
  throttleSeconds: 60,
  maxRetryAfterSeconds: 86_400,
  disableAfterSeconds: 5 * 86_400,
  retentionSeconds: 7 * 86_400,
  bodyBytes: 256 * 1024,
  endpoints: 100,
  watchedTasks: 100_000,
  waits: 1000,
  firstLookSeconds: 2,
  maxLookSeconds: 300,
  giveUpSeconds: 7 * 86_400,
  pollMs: 1000,
};

export interface WebhookOptions extends Partial<WebhookSettings> {
  /**
   * Signs callbacks to URLs that requests name: `whsec_`, with `whsk_` beside it for signatures `v1a` on everything that is
   * sent. Several for a change. Default: one that is made and kept in the gateway's state.
   */
  readonly secrets?: readonly (string | TimedSecret)[];
  /** An Ed25519 key for HTTP message signatures (RFC 9421): PEM, its file, or a key folder. Default: none are made. */
  readonly signingKey?: string;
  /** Where receivers find this gateway. Default: `access.publicUrl`; without both, links have no host. */
  readonly publicUrl?: string;
  /** Keep 1 kB of what receivers answer in the log. Default: true, unless `egress` may reach addresses that are not public. */
  readonly keepAnswers?: boolean;
  /** Milliseconds since 1970; default: Date.now. */
  readonly now?: () => number;
}
