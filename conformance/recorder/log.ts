/** The last commands that clients sent, for reports. */

/** Longest part of an argument that is kept, in bytes. */
const MAX_ARGUMENT = 64 * 1024;

/** Who sent a command. */
export interface RecordedClient {
  readonly id: number;
  /** CLIENT SETNAME; "" when it did not say. */
  readonly name: string;
  /** CLIENT SETINFO's LIB-NAME and LIB-VER; "" when it did not say. */
  readonly library: string;
  readonly libraryVersion: string;
}

export interface RecordedCommand {
  readonly atMs: number;
  readonly client: RecordedClient;
  /** Its name and arguments; of long ones only the beginning. */
  readonly command: readonly Buffer[];
  /** What it was refused with. */
  readonly error: string | undefined;
}

export interface LogLimits {
  readonly maxCommands: number;
  readonly maxBytes: number;
}

export class CommandLog {
  readonly #limits: LogLimits;
  readonly #commands: RecordedCommand[] = [];
  #bytes = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  get commands(): readonly RecordedCommand[] {
    return this.#commands;
  }

  /** Forgets the oldest when there is no room. */
  add(entry: RecordedCommand): void {
    const command = entry.command.map((argument) =>
      argument.length > MAX_ARGUMENT ? Buffer.from(argument.subarray(0, MAX_ARGUMENT)) : argument,
    );
    this.#commands.push({ ...entry, command });
    this.#bytes += bytesOf(command);
    const { maxCommands, maxBytes } = this.#limits;
    while (this.#commands.length > maxCommands || (this.#bytes > maxBytes && this.#commands.length > 1)) {
      this.#bytes -= bytesOf(this.#commands.shift()?.command ?? []);
    }
  }
}

function bytesOf(command: readonly Buffer[]): number {
  return command.reduce((sum, argument) => sum + argument.length + 32, 0);
}
