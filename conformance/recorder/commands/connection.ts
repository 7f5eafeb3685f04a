/** Commands about the connection itself. */
import { NO_REPLY, OK, Pairs, Refusal, type Reply, Simple } from "../resp/replies.ts";
import type { ProtocolVersion } from "../resp/write.ts";
import type { Arguments } from "./arguments.ts";
import { readName } from "./client-name.ts";
import { type Call, type CommandTable, plain } from "./command.ts";
import { SERVER_VERSION } from "./version.ts";

function ping({ session }: Call, args: Arguments): Reply {
  if (args.length > 1) throw new Refusal("ERR wrong number of arguments for 'ping' command");
  const [message] = args.list;
  if (session.protocol === 2 && session.subscriptions > 0) return ["pong", message ?? ""];
  return message ?? new Simple("PONG");
}

/** Everybody may do everything: any password fits the default user. */
function authenticate(user: string): void {
  if (user !== "default") throw new Refusal("WRONGPASS invalid username-password pair or user is disabled.");
}

function hello(call: Call, args: Arguments): Reply {
  const { session } = call;
  let protocol: ProtocolVersion = session.protocol;
  if (args.length > 0) {
    const version = args.integer(0, "ERR Protocol version is not an integer or out of range");
    if (version !== 2 && version !== 3) throw new Refusal("NOPROTO unsupported protocol version");
    protocol = version;
  }
  for (let at = 1; at < args.length; at += 1) {
    if (args.word(at) === "AUTH" && at + 2 < args.length) {
      authenticate(args.key(at + 1));
      at += 2;
    } else if (args.word(at) === "SETNAME" && at + 1 < args.length) {
      session.name = readName(args, at + 1);
      at += 1;
    } else throw new Refusal(`ERR Syntax error in HELLO option '${args.key(at)}'`);
  }
  session.protocol = protocol;
  return new Pairs([
    ["server", "redis"],
    ["version", SERVER_VERSION],
    ["proto", protocol],
    ["id", session.id],
    ["mode", "standalone"],
    ["role", "master"],
    ["modules", []],
  ]);
}

function reset({ server, session }: Call): Reply {
  session.transaction = undefined;
  server.unwatch(session);
  server.pubsub.leave(session);
  server.tracking.set(session, undefined);
  session.database = server.database(0);
  session.protocol = 2;
  session.name = "";
  session.silence = "none";
  return new Simple("RESET");
}

export const CONNECTION: CommandTable = {
  ping: plain(-1, ping, "subscribed"),
  echo: plain(2, (_, args) => args.bytes(0)),
  auth: plain(
    -2,
    (_, args) => {
      if (args.length > 2) throw new Refusal("ERR syntax error");
      if (args.length === 1) {
        throw new Refusal(
          "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
        );
      }
      authenticate(args.key(0));
      return OK;
    },
    "noscript",
  ),
  hello: plain(-1, hello, "noscript"),
  select: plain(
    2,
    ({ server, session }, args) => {
      session.database = server.database(args.integer(0));
      return OK;
    },
    "noscript",
  ),
  quit: plain(
    -1,
    ({ session }) => {
      session.send(OK);
      session.end();
      return NO_REPLY;
    },
    "subscribed",
    "immediate",
    "noscript",
  ),
  reset: plain(1, reset, "subscribed", "immediate", "noscript"),
};
