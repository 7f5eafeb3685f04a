/** Paths as logs may show them. */

/** What follows it in a path is a credential: it lets its bearer end a task. */
const BEFORE_TOKEN = "/complete/";
const MASK = "***";
/** Parameters of paths that are credentials. */
const SECRET_PARAMS: ReadonlySet<string> = new Set(["token"]);

/** Without credentials; also of paths that no route has, which may be a good one with a slip. */
export function logPath(path: string): string {
  const at = path.indexOf(BEFORE_TOKEN);
  return at === -1 ? path : `${path.slice(0, at + BEFORE_TOKEN.length)}${MASK}`;
}

/** A value of a path, by its name in the route. */
export function logParam(name: string, value: string): string {
  return SECRET_PARAMS.has(name) ? MASK : value;
}
