/** Stores of schedules by URL or file. */
import type { App } from "../../app/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { splitBrokerUrls } from "../../transports/index.ts";
import { sqlUrl, stateFile } from "../seats/open.ts";
import { createDatabaseScheduleStore } from "./database/store.ts";
import { createFileScheduleStore } from "./file.ts";
import type { ScheduleStore } from "./schedule-store.ts";

export interface OpenScheduleStoreOptions {
  /** A SQL URL in any of Celery's spellings, or the path of a JSON file. */
  readonly place: string;
  /** Of crontabs that name no zone. */
  readonly timezone?: string;
  readonly onWarning?: (message: string, error?: unknown) => void;
}

/** Opens nothing before it is asked for something. */
export function openScheduleStore({ place, ...options }: OpenScheduleStoreOptions): ScheduleStore {
  if (!isUrl(place)) return createFileScheduleStore({ path: place, ...options });
  return createDatabaseScheduleStore({ url: sqlUrl(place), ...options });
}

export interface AppScheduleOptions {
  /** As `celerity beat --scheduler`. Default: the setting beatScheduler. */
  readonly scheduler?: string | undefined;
  /** As `celerity beat --schedule`. Default: the setting beatScheduleFilename. */
  readonly schedule?: string | undefined;
  readonly onWarning?: (message: string, error?: unknown) => void;
}

/** The store that a beat of the app reads. Throws ConfigurationError for a place that is unknown. */
export function openAppScheduleStore(app: App, options: AppScheduleOptions = {}): ScheduleStore {
  const { onWarning = app.onWarning } = options;
  const { timezone, beatScheduleFilename } = app.settings;
  const file = stateFile(options.schedule ?? beatScheduleFilename);
  return openScheduleStore({
    place: scheduleDatabase(app, options.scheduler) ?? file.replace(/\.json$/, ".schedules.json"),
    timezone: timezone ?? "UTC",
    onWarning,
  });
}

/** Celery's and django-celery-beat's names of schedulers, and ours. */
const FILE: ReadonlySet<string> = new Set([
  "file",
  "celery.beat.PersistentScheduler",
  "celery.beat:PersistentScheduler",
]);
const DATABASE: ReadonlySet<string> = new Set([
  "database",
  "django",
  "django_celery_beat.schedulers.DatabaseScheduler",
  "django_celery_beat.schedulers:DatabaseScheduler",
]);

/** The SQL URL of the schedules; undefined when they are in a file. Throws ConfigurationError. */
export function scheduleDatabase({ settings }: App, scheduler?: string): string | undefined {
  const wanted = scheduler ?? settings.beatScheduler;
  if (FILE.has(wanted)) return undefined;
  if (isUrl(wanted)) return wanted;
  if (!DATABASE.has(wanted)) {
    throw new ConfigurationError(
      `beatScheduler (--scheduler) is file, database or a SQL URL; it is "${wanted}".`,
    );
  }
  const urls = [settings.resultBackend ?? "", ...splitBrokerUrls(settings.brokerUrl)];
  const found = urls.find((url) => /^(?:db\+|sqla\+|sqlalchemy\+|sqlite:|postgres)/i.test(url));
  if (found !== undefined) return sqlUrl(found);
  throw new ConfigurationError(
    "The scheduler database takes the database of the results or the broker, and neither is one: give its URL, as --scheduler sqlite:///schedules.db.",
  );
}

function isUrl(place: string): boolean {
  return /^[a-z0-9+_]+:\/\//i.test(place);
}
