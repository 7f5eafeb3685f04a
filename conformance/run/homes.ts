/** Where workers live that others must not disturb: a command to all workers of a broker reaches all that share it. */
import { ConfigurationError } from "../../protocol/index.ts";
import { Rig } from "../rig/rig.ts";
import { isEmbedded, kindOf, openServers, type ServerChoice } from "../rig/servers.ts";

/** Servers, and the runner's end of them. */
export interface Home {
  readonly rig: Rig;
  close(): Promise<void>;
}

/** Homes, one after another or beside each other. */
export interface Homes {
  /** How many can be open at once. */
  readonly count: number;
  /** Opens one, as soon as one is free. */
  open(): Promise<Home>;
}

/** Embedded servers for each, or the rooms that were named; undefined where there are none. Throws ConfigurationError. */
export function homesApart(choice: ServerChoice): Homes | undefined {
  const { rooms = [] } = choice;
  const kind = kindOf(choice);
  const other = rooms.find((broker) => kindOf({ broker }) !== kind);
  if (other !== undefined)
    throw new ConfigurationError("A room must be at the same kind of broker as --broker.");
  if (isEmbedded(choice)) return { count: Number.POSITIVE_INFINITY, open: () => openHome(choice) };
  return rooms.length === 0 ? undefined : inRooms(choice, rooms);
}

/** The servers that all others use too: one worker at a time. */
export function sharedHome(rig: Rig): Homes {
  return { count: 1, open: async () => ({ rig, close: async () => undefined }) };
}

function inRooms(choice: ServerChoice, rooms: readonly string[]): Homes {
  const free = [...rooms];
  const waiting: ((room: string) => void)[] = [];
  const give = (room: string): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(room);
    else next(room);
  };
  return {
    count: rooms.length,
    async open() {
      const broker = free.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
      const home = await openHome({ ...choice, broker });
      return { rig: home.rig, close: () => home.close().finally(() => give(broker)) };
    },
  };
}

async function openHome(choice: ServerChoice): Promise<Home> {
  const servers = await openServers(choice);
  const rig = new Rig(servers);
  const close = async (): Promise<void> => {
    await rig.close();
    await servers.close();
  };
  return { rig, close };
}
