/** One client's socket: commands in, answers out, in turn. */
import type { Socket } from "node:net";
import { findCommand } from "./commands/index.ts";
import type { Recording } from "./recording.ts";
import { CommandReader, MAX_COMMAND_BYTES } from "./resp/read.ts";
import { NO_REPLY, type Reply, refusalOf } from "./resp/replies.ts";
import { encodeReply } from "./resp/write.ts";
import { Session } from "./session.ts";
import { Blocked } from "./waiters.ts";

/** What may wait for a client that does not read. */
const MAX_OUTPUT_BYTES = 128 * 1024 * 1024;
/** What may wait for a client whose command waits. */
const MAX_INPUT_BYTES = MAX_COMMAND_BYTES + 1024 * 1024;

export class Connection {
  readonly #socket: Socket;
  readonly #server: Recording;
  readonly #reader = new CommandReader();
  readonly #session: Session;
  /** A command waits for a key, or for Lua: those behind it wait, too. */
  #isWaiting = false;
  #isEnding = false;
  #stopWaiting: () => void = () => undefined;

  constructor(socket: Socket, server: Recording, id: number) {
    this.#socket = socket;
    this.#server = server;
    this.#session = new Session({
      id,
      address: `${socket.remoteAddress}:${socket.remotePort}`,
      database: server.database(0),
      send: (reply) => this.#write(reply),
      end: () => {
        this.#isEnding = true;
        socket.end();
      },
    });
    server.sessions.set(id, this.#session);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    // Who has hung up gets nothing more, though the socket closes a moment later.
    socket.on("end", () => this.#leave());
    socket.on("close", () => this.#leave());
  }

  #onData(chunk: Buffer): void {
    this.#reader.push(chunk);
    if (this.#isWaiting && this.#reader.waitingBytes > MAX_INPUT_BYTES) this.#socket.destroy();
    this.#work();
  }

  /** Runs all commands that are here whole; their answers leave together. */
  #work(): void {
    this.#socket.cork();
    try {
      while (!this.#isWaiting && !this.#isEnding) {
        const words = this.#reader.next();
        if (words === undefined) break;
        if (needsLua(words) && !this.#server.scripts.isReady) this.#waitForLua(words);
        else this.#execute(words);
      }
    } catch (error) {
      // No command but bytes of another kind: whatever follows cannot be read either.
      this.#write(refusalOf(error));
      this.#session.end();
    }
    this.#socket.uncork();
  }

  #execute(words: readonly Buffer[]): void {
    const reply = this.#server.execute(this.#session, words);
    if (reply instanceof Blocked) this.#wait(reply);
    else this.#answer(reply);
    this.#server.settle();
  }

  #wait(blocked: Blocked): void {
    this.#isWaiting = true;
    this.#session.isBlocked = true;
    this.#stopWaiting = this.#server.waiters.add(blocked, (outcome) => {
      this.#isWaiting = false;
      this.#session.isBlocked = false;
      this.#answer(attempt(outcome));
      // Not at once: whoever made the change goes first.
      setImmediate(() => this.#work());
    });
  }

  #waitForLua(words: readonly Buffer[]): void {
    this.#isWaiting = true;
    const goOn = (): void => {
      this.#isWaiting = false;
      this.#execute(words);
      this.#work();
    };
    this.#server.scripts.load().then(goOn, goOn);
  }

  #answer(reply: Reply): void {
    const { silence } = this.#session;
    if (silence === "next") this.#session.silence = "this";
    else if (silence === "this") this.#session.silence = "none";
    if (silence === "none" || silence === "next") this.#write(reply);
  }

  #write(reply: Reply): void {
    if (reply === NO_REPLY || this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(encodeReply(reply, this.#session.protocol));
    if (this.#socket.writableLength > MAX_OUTPUT_BYTES) this.#socket.destroy();
  }

  #leave(): void {
    this.#isEnding = true;
    this.#stopWaiting();
    this.#server.leave(this.#session);
  }
}

function needsLua(words: readonly Buffer[]): boolean {
  try {
    return findCommand(words).command.flags.includes("lua");
  } catch {
    return false;
  }
}

function attempt(outcome: () => Reply): Reply {
  try {
    return outcome();
  } catch (error) {
    return refusalOf(error);
  }
}
