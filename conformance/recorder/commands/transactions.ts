/** MULTI, EXEC, WATCH. */
import { NO_LIST, OK, Refusal, type Reply, refusalOf } from "../resp/replies.ts";
import { Blocked } from "../waiters.ts";
import { type Call, type CommandTable, plain } from "./command.ts";

function exec(call: Call): Reply {
  const { server, session } = call;
  const { transaction } = session;
  if (transaction === undefined) throw new Refusal("ERR EXEC without MULTI");
  // What has expired since WATCH has changed.
  for (const { database, key } of session.watched.values()) database.get(key);
  const isWatchBroken = session.isWatchBroken;
  session.transaction = undefined;
  server.unwatch(session);
  if (transaction.isBroken) throw new Refusal("EXECABORT Transaction discarded because of previous errors.");
  if (isWatchBroken) return NO_LIST;
  return transaction.commands.map(({ command, args }) => {
    try {
      const reply = server.run(session, command, args, true);
      return reply instanceof Blocked ? reply.options.onTimeout : reply;
    } catch (error) {
      return refusalOf(error);
    }
  });
}

export const TRANSACTIONS: CommandTable = {
  multi: plain(
    1,
    ({ session }) => {
      if (session.transaction !== undefined) throw new Refusal("ERR MULTI calls can not be nested");
      session.transaction = { commands: [], bytes: 0, isBroken: false };
      return OK;
    },
    "immediate",
    "noscript",
  ),
  exec: plain(1, exec, "immediate", "noscript"),
  discard: plain(
    1,
    ({ server, session }) => {
      if (session.transaction === undefined) throw new Refusal("ERR DISCARD without MULTI");
      session.transaction = undefined;
      server.unwatch(session);
      return OK;
    },
    "immediate",
    "noscript",
  ),
  watch: plain(
    -2,
    ({ server, session }, args) => {
      if (session.transaction !== undefined) throw new Refusal("ERR WATCH inside MULTI is not allowed");
      for (const key of args.keys(0)) server.watch(session, key);
      return OK;
    },
    "immediate",
    "noscript",
  ),
  unwatch: plain(
    1,
    ({ server, session }) => {
      server.unwatch(session);
      return OK;
    },
    "noscript",
  ),
};
