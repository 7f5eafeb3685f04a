/** Commands on channels and patterns. */
import { globMatches } from "../glob.ts";
import { NO_REPLY, Push, type Reply } from "../resp/replies.ts";
import type { Session } from "../session.ts";
import { type Call, type Command, type CommandTable, plain } from "./command.ts";

type Change = (call: Call, name: string) => void;

/** Answers with a message for each name. */
function join(kind: string, change: Change): Command {
  const run: Command["run"] = (call, args) => {
    for (const name of args.keys(0)) {
      change(call, name);
      call.session.send(new Push([kind, name, call.session.subscriptions]));
    }
    return NO_REPLY;
  };
  return plain(-2, run, "subscribed", "noscript");
}

/** Without names it is all of them. */
function leave(kind: string, all: (session: Session) => ReadonlySet<string>, change: Change): Command {
  const run: Command["run"] = (call, args) => {
    const { session } = call;
    const names: (string | null)[] = args.length > 0 ? args.keys(0) : [...all(session)];
    for (const name of names.length > 0 ? names : [null]) {
      if (name !== null) change(call, name);
      session.send(new Push([kind, name, session.subscriptions]));
    }
    return NO_REPLY;
  };
  return plain(-1, run, "subscribed", "noscript");
}

export const PUBSUB: CommandTable = {
  subscribe: join("subscribe", ({ server, session }, name) => server.pubsub.subscribe(session, name)),
  psubscribe: join("psubscribe", ({ server, session }, name) =>
    server.pubsub.subscribePattern(session, name),
  ),
  unsubscribe: leave(
    "unsubscribe",
    ({ channels }) => channels,
    ({ server, session }, name) => server.pubsub.unsubscribe(session, name),
  ),
  punsubscribe: leave(
    "punsubscribe",
    ({ patterns }) => patterns,
    ({ server, session }, name) => server.pubsub.unsubscribePattern(session, name),
  ),
  publish: plain(3, ({ server }, args) => server.pubsub.publish(args.key(0), args.bytes(1))),
  "pubsub|channels": plain(-2, ({ server }, args): Reply => {
    const pattern = args.length > 0 ? args.key(0) : "*";
    return server.pubsub.channels.filter((channel) => globMatches(pattern, channel));
  }),
  "pubsub|numsub": plain(
    -2,
    ({ server }, args): Reply =>
      args.keys(0).flatMap((channel) => [channel, server.pubsub.subscriberCount(channel)]),
  ),
  "pubsub|numpat": plain(2, ({ server }) => server.pubsub.patternCount),
};
