/** Says at the start of a worker or a gateway what its Redis may forget. */
import type { Logger } from "pino";
import { type App, risksOfBrokers } from "../app/index.ts";

/** In the background. `more` are further URLs, as of `--state`. */
export function warnOfRisks({ settings }: App, logger: Logger, ...more: readonly string[]): void {
  void risksOfBrokers(settings, ...more).then((risks) => {
    for (const risk of risks) logger.warn({}, risk);
  });
}
