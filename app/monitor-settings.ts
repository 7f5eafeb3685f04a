/** Settings of events and remote control. All programs on a broker need the same exchanges. Celery 5.7's names and defaults. */
export interface MonitorSettings {
  /** Serializer of the events for monitors. */
  readonly eventSerializer: string;
  readonly eventExchange: string;
  /** The queue of a monitor is this and a random id. */
  readonly eventQueuePrefix: string;
  /** Seconds that an event waits for its monitor. */
  readonly eventQueueTtl: number;
  /** Seconds after which the queue of a monitor that is gone goes too. */
  readonly eventQueueExpires: number;
  readonly eventQueueExclusive: boolean;
  /** The queue outlives a restart of RabbitMQ; not together with eventQueueExclusive. */
  readonly eventQueueDurable: boolean;

  /** Name before `.pidbox`. */
  readonly controlExchange: string;
  /** Seconds that a command waits for its worker, and an answer for its asker. */
  readonly controlQueueTtl: number;
  /** Seconds after which the queue of a worker that is gone goes too. */
  readonly controlQueueExpires: number;
  readonly controlQueueExclusive: boolean;
  /** The queue outlives a restart of RabbitMQ; not together with controlQueueExclusive. */
  readonly controlQueueDurable: boolean;
}

export const MONITOR_DEFAULTS: MonitorSettings = {
  eventSerializer: "json",
  eventExchange: "celeryev",
  eventQueuePrefix: "celeryev",
  eventQueueTtl: 5,
  eventQueueExpires: 60,
  eventQueueExclusive: true,
  eventQueueDurable: false,
  controlExchange: "celery",
  controlQueueTtl: 300,
  controlQueueExpires: 10,
  controlQueueExclusive: true,
  controlQueueDurable: false,
};
