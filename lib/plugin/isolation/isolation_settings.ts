/** What a plugin in a Worker may do beside reading its own folder; kinds that are not named are refused. */
export interface IsolationPermissions {
  /** Hosts it may connect to: `api.example.com:443`. */
  net?: readonly string[];
  /** Files and folders it may read. */
  read?: readonly string[];
  /** Files and folders it may write to. */
  write?: readonly string[];
  /** Environment variables it may read. */
  env?: readonly string[];
  /** What it may ask the system for: `hostname`. */
  sys?: readonly string[];
}

/** How a plugin is isolated: `[plugins.NAME] isolation = "worker"` and what belongs to it. */
export interface IsolationSettings {
  /** Milliseconds a handler, route or hook may take before its Worker is taken for hung; `Infinity` for ever. */
  handlerTimeoutMs: number;
  permissions: IsolationPermissions;
}

/** Stands for all of a kind. */
const ALL = "*";

/** The permissions as a Worker's options have them; it reads `folder` in any case. */
export function workerPermissions(
  { net = [], read = [], write = [], env = [], sys = [] }: IsolationPermissions,
  folder: string,
): Deno.PermissionOptionsObject {
  return {
    net: listed(net),
    read: listed([folder, ...read]),
    write: listed(write),
    env: listed(env),
    // Kinds that Deno does not know are refused by it, with their names.
    sys: listed(sys) as Deno.PermissionOptionsObject["sys"],
    run: false,
    ffi: false,
    import: false,
  };
}

/** An empty list would not mean none everywhere. */
function listed(items: readonly string[]): boolean | string[] {
  if (items.includes(ALL)) return true;
  return items.length > 0 && [...items];
}
