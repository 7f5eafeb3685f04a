/** CLIENT: names, the list of clients, tracking. */
import { Members, NO_REPLY, OK, Pairs, Refusal, type Reply, Verbatim } from "../resp/replies.ts";
import type { Session } from "../session.ts";
import type { TrackingMode } from "../tracking.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { readName } from "./client-name.ts";
import { type Call, type Command, type CommandTable, plain } from "./command.ts";

function describe(session: Session): string {
  const fields = {
    id: session.id,
    addr: session.address,
    name: session.name,
    flags: flagsOf(session),
    age: Math.floor((Date.now() - session.openedAtMs) / 1000),
    db: session.database.index,
    sub: session.channels.size,
    psub: session.patterns.size,
    multi: session.transaction?.commands.length ?? -1,
    watch: session.watched.size,
    redir: session.tracking === undefined ? -1 : (session.tracking.redirect ?? 0),
    resp: session.protocol,
    "lib-name": session.library,
    "lib-ver": session.libraryVersion,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function flagsOf({ isBlocked, transaction, subscriptions, tracking }: Session): string {
  const flags = [isBlocked && "b", transaction && "x", subscriptions > 0 && "P", tracking && "t"];
  return flags.filter((flag) => typeof flag === "string").join("") || "N";
}

function list({ server }: Call, args: Arguments): Reply {
  if (args.length > 0 && args.word(0) !== "ID" && args.word(0) !== "TYPE") throw new Refusal(SYNTAX);
  const ids = args.word(0) === "ID" ? args.keys(1) : undefined;
  const shown = [...server.sessions.values()].filter(({ id }) => ids?.includes(String(id)) ?? true);
  return new Verbatim(shown.map((session) => `${describe(session)}\n`).join(""));
}

function setInfo({ session }: Call, args: Arguments): Reply {
  const word = args.word(0);
  if (word === "LIB-NAME") session.library = readName(args, 1, "lib-name");
  else if (word === "LIB-VER") session.libraryVersion = readName(args, 1, "lib-ver");
  else throw new Refusal(`ERR Unrecognized option '${args.key(0)}'`);
  return OK;
}

function track({ server, session }: Call, args: Arguments): Reply {
  const state = args.word(0);
  let redirect: number | undefined;
  const prefixes: string[] = [];
  const options = new Set<string>();
  for (let at = 1; at < args.length; at += 1) {
    const word = args.word(at);
    if (word === "REDIRECT" && at + 1 < args.length) {
      at += 1;
      redirect = args.integer(at);
      if (!server.sessions.has(redirect))
        throw new Refusal("ERR The client ID you want redirect to does not exist");
    } else if (word === "PREFIX" && at + 1 < args.length) {
      at += 1;
      prefixes.push(args.key(at));
    } else if (["BCAST", "OPTIN", "OPTOUT", "NOLOOP"].includes(word)) options.add(word);
    else throw new Refusal(SYNTAX);
  }
  if (state !== "ON" && state !== "OFF") throw new Refusal(SYNTAX);
  if (prefixes.length > 0 && !options.has("BCAST"))
    throw new Refusal("ERR PREFIX option requires BCAST mode to be enabled");
  if (options.has("OPTIN") && options.has("OPTOUT"))
    throw new Refusal("ERR You can't specify both OPTIN mode and OPTOUT mode");
  if (options.has("BCAST") && (options.has("OPTIN") || options.has("OPTOUT")))
    throw new Refusal("ERR OPTIN and OPTOUT are not compatible with BCAST");
  const only = options.has("OPTIN") ? "OPTIN" : options.has("OPTOUT") ? "OPTOUT" : undefined;
  const mode: TrackingMode = {
    redirect: redirect === session.id ? undefined : redirect,
    only,
    noLoop: options.has("NOLOOP"),
    prefixes: options.has("BCAST") ? prefixes : undefined,
    caching: undefined,
  };
  server.tracking.set(session, state === "ON" ? mode : undefined);
  return OK;
}

function caching({ session }: Call, args: Arguments): Reply {
  const { tracking } = session;
  if (tracking?.only === undefined) {
    throw new Refusal(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
    );
  }
  const word = args.word(0);
  if (word === "YES" && tracking.only !== "OPTIN")
    throw new Refusal("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  if (word === "NO" && tracking.only !== "OPTOUT")
    throw new Refusal("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  if (word !== "YES" && word !== "NO") throw new Refusal(SYNTAX);
  tracking.caching = word;
  return OK;
}

function trackingInfo({ session: { tracking } }: Call): Reply {
  if (tracking === undefined) {
    return new Pairs([
      ["flags", new Members(["off"])],
      ["redirect", -1],
      ["prefixes", []],
    ]);
  }
  const { only, noLoop, prefixes, redirect } = tracking;
  const flags = ["on", prefixes && "bcast", only?.toLowerCase(), noLoop ? "noloop" : undefined];
  return new Pairs([
    ["flags", new Members(flags.filter((flag) => flag !== undefined))],
    ["redirect", redirect ?? 0],
    ["prefixes", prefixes ?? []],
  ]);
}

function kill({ server, session }: Call, args: Arguments): Reply {
  const wanted = args.word(0);
  const byId = wanted === "ID" && args.length === 2 ? args.integer(1) : undefined;
  const address = wanted === "ADDR" ? args.key(1) : args.length === 1 ? args.key(0) : undefined;
  if (byId === undefined && address === undefined) throw new Refusal(SYNTAX);
  const found = [...server.sessions.values()].filter(
    (other) => other.id === byId || other.address === address,
  );
  const others = found.filter((other) => other !== session || args.length === 1);
  for (const other of others) other.end();
  if (args.length > 1) return others.length;
  if (others.length === 0) throw new Refusal("ERR No such client");
  return OK;
}

function silence({ session }: Call, args: Arguments): Reply {
  const word = args.word(0);
  if (word !== "ON" && word !== "OFF" && word !== "SKIP") throw new Refusal(SYNTAX);
  session.silence = ({ ON: "none", OFF: "all", SKIP: "next" } as const)[word];
  return word === "ON" ? OK : NO_REPLY;
}

/** What is accepted and changes nothing here. */
function accepted(arity: number): Command {
  return plain(arity, () => OK, "noscript");
}

export const CLIENTS: CommandTable = {
  "client|id": plain(2, ({ session }) => session.id, "noscript"),
  "client|getname": plain(2, ({ session }) => (session.name === "" ? null : session.name), "noscript"),
  "client|setname": plain(
    3,
    ({ session }, args) => {
      session.name = readName(args, 0);
      return OK;
    },
    "noscript",
  ),
  "client|setinfo": plain(4, setInfo, "noscript"),
  "client|info": plain(2, ({ session }) => new Verbatim(`${describe(session)}\n`), "noscript"),
  "client|list": plain(-2, list, "noscript"),
  "client|kill": plain(-3, kill, "noscript"),
  "client|reply": plain(3, silence, "noscript"),
  "client|tracking": plain(-3, track, "noscript"),
  "client|caching": plain(3, caching, "noscript"),
  "client|trackinginfo": plain(2, trackingInfo, "noscript"),
  "client|getredir": plain(
    2,
    ({ session: { tracking } }) => (tracking === undefined ? -1 : (tracking.redirect ?? 0)),
    "noscript",
  ),
  "client|no-evict": accepted(3),
  "client|no-touch": accepted(3),
  "client|pause": accepted(-3),
  "client|unpause": accepted(2),
};
