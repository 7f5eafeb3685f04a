/** Settings of tasks that are URLs (docs/http-tasks.md). None of them is a Celery setting. */
export interface HttpTaskSettings {
  /** Workers serve `celerity.webhook` and `celery.http_dispatch`, which call the URLs that their senders name. */
  readonly httpTasks: boolean;

  /** Networks that may be called although they are not public: `10.1.0.0/16`. */
  readonly httpTasksAllowCidrs: readonly string[];
  /** Names whose addresses are not judged: `hooks.internal`, `*.internal`. */
  readonly httpTasksAllowHosts: readonly string[];
  /** Ports beside 80 and 443. */
  readonly httpTasksAllowPorts: readonly (number | string)[];
  /** URL of a proxy that all calls go through, and that judges the addresses itself. */
  readonly httpTasksProxy: string | null;

  /** Secrets (`whsec_...`, `whsk_...`) that sign the calls as Standard Webhooks; none: they are not signed. */
  readonly httpTasksSecrets: readonly string[];
  /** Ed25519 private key that signs them after RFC 9421 too: PEM text, a PEM file or a key folder. */
  readonly httpTasksSigningKey: string | null;

  /** Longest time for one call, in seconds. */
  readonly httpTasksTimeout: number;
  /** Largest answer, in bytes. */
  readonly httpTasksMaxBytes: number;
  /** Calls at once in each worker. */
  readonly httpTasksConcurrency: number;
  /** Calls at once to one host. */
  readonly httpTasksPerHost: number;
  /** Such tasks that a worker takes beyond what its pool has room for: in line, or waiting for a later answer. */
  readonly httpTasksInHand: number;

  /** Where receivers reach the gateway to answer later: `https://tasks.example.com`; null: they cannot. */
  readonly httpTasksGatewayUrl: string | null;
  /** Makes the one-time URLs of such answers. The same in workers and gateways; at least 32 characters. */
  readonly httpTasksCompletionSecret: string | null;
  /** Seconds that a receiver may take to answer later. RabbitMQ takes messages back after 30 minutes by default. */
  readonly httpTasksCompletionTimeout: number;
}

export const HTTP_TASK_DEFAULTS: HttpTaskSettings = {
  httpTasks: false,
  httpTasksAllowCidrs: [],
  httpTasksAllowHosts: [],
  httpTasksAllowPorts: [],
  httpTasksProxy: null,
  httpTasksSecrets: [],
  httpTasksSigningKey: null,
  httpTasksTimeout: 30,
  httpTasksMaxBytes: 65_536,
  httpTasksConcurrency: 100,
  httpTasksPerHost: 10,
  httpTasksInHand: 1000,
  httpTasksGatewayUrl: null,
  httpTasksCompletionSecret: null,
  httpTasksCompletionTimeout: 1500,
};
