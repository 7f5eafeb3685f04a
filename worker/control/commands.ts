/** Remote control commands by Celery's names. Source: celery/worker/control.py of 5.7. A new one is a line in a table. */
import type { Command } from "./command.ts";
import { CONTROL_COMMANDS } from "./control-commands.ts";
import { INSPECT_COMMANDS } from "./inspect-commands.ts";
import { REVOKE_COMMANDS } from "./revoke-commands.ts";

export const COMMANDS: Readonly<Record<string, Command>> = {
  ...INSPECT_COMMANDS,
  ...CONTROL_COMMANDS,
  ...REVOKE_COMMANDS,
};
