/**
 * Signed bodies in an app: when its serializers include `auth`, and Celery's rules for a fleet that takes nothing else.
 * Source: celery/security/__init__.py of 5.7.
 */
import { type Codecs, createCodecs, type Serializer } from "../codecs/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import { type AuthSerializerOptions, createAuthSerializer } from "../signing/auth/index.ts";
import type { AppOptions } from "./app.ts";
import { celeryName, loadSettings } from "./load-settings.ts";
import type { Settings } from "./settings.ts";

/** Arguments of Celery's `setup_security` that are not settings, and the layout for old workers. */
export type SecurityOptions = Pick<
  AuthSerializerOptions,
  "serializer" | "allowedSerializers" | "layout" | "allowWeakDigest"
>;

/**
 * Celery's `setup_security`, for an app to be: `createApp(setupSecurity({ ... }))`. Throws ConfigurationError unless all
 * tasks are signed, nothing unsigned is accepted, and key, certificate and store are there. Without it, an app that names
 * `auth` in its settings signs and verifies too, in the way that SecurityOptions default to.
 */
export function setupSecurity(options: AppOptions & SecurityOptions): AppOptions {
  const { serializer, allowedSerializers, layout, allowWeakDigest, ...app } = options;
  const { env = process.env, codecs = createCodecs(), onWarning, ...given } = app;
  const settings = loadSettings(given, env);
  const { taskSerializer, acceptContent } = settings;
  if (taskSerializer !== "auth" || acceptContent.length !== 1 || acceptContent[0] !== "auth")
    throw new ConfigurationError(
      'setupSecurity needs taskSerializer: "auth" and acceptContent: ["auth"]: signatures are of no use when unsigned messages are accepted too.',
    );
  requireSettings(settings, ["securityKey", "securityCertificate", "securityCertStore"]);
  const auth = createAuthSerializer({
    ...settings,
    codecs,
    ...(serializer === undefined ? {} : { serializer }),
    ...(allowedSerializers === undefined ? {} : { allowedSerializers }),
    ...(layout === undefined ? {} : { layout }),
    ...(allowWeakDigest === undefined ? {} : { allowWeakDigest }),
    ...(onWarning === undefined ? {} : { onWarning }),
  });
  return { ...app, codecs: addSerializer(codecs, auth) };
}

/** The codecs of an app, with `auth` when its settings name it, or the files that it needs, and `codecs` has none. */
export function withAuth(
  settings: Settings,
  codecs: Codecs,
  onWarning: (message: string, error?: unknown) => void,
): Codecs {
  const { taskSerializer, resultSerializer, eventSerializer, acceptContent, resultAcceptContent } = settings;
  const writes = [taskSerializer, resultSerializer, eventSerializer].includes("auth");
  const reads = [...acceptContent, ...(resultAcceptContent ?? [])].includes("auth");
  if (acceptContent.includes("auth") && acceptContent.length > 1)
    onWarning(`acceptContent has ${acceptContent.join(", ")}: unsigned messages are accepted too.`);
  if (codecs.contentTypeOf("auth") !== undefined) return codecs;
  if (writes) requireSettings(settings, ["securityKey", "securityCertificate"]);
  if (reads) requireSettings(settings, ["securityCertStore"]);
  if (!settings.securityKey && !settings.securityCertStore) return codecs;
  return addSerializer(codecs, createAuthSerializer({ ...settings, codecs, onWarning }));
}

function requireSettings(settings: Settings, names: readonly (keyof Settings)[]): void {
  const missing = names.filter((name) => !settings[name]);
  if (missing.length === 0) return;
  const shown = missing.map((name) => `${name} (${celeryName(name)})`).join(", ");
  throw new ConfigurationError(`The serializer "auth" needs the settings ${shown}.`);
}

function addSerializer(codecs: Codecs, added: Serializer): Codecs {
  const { name: addedName, contentType: addedType } = added;
  return {
    ...codecs,
    serializer: (name) => (name === addedName || name === addedType ? added : codecs.serializer(name)),
    serializerOf: (contentType) => (contentType === addedType ? added : codecs.serializerOf(contentType)),
    contentTypeOf: (name) => (name === addedName ? addedType : codecs.contentTypeOf(name)),
  };
}
