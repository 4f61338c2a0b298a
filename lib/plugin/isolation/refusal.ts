/** What an isolated plugin can't have, and what to do instead. */
const REFUSED = {
  listener: "a Worker can't take the agent's connections; answer by ctx.route instead",
  store: "the store's transactions belong to the agent's thread; keep what it needs in topics or in memory",
  write: "the local transaction belongs to the agent's thread; return outputs instead",
  state: "rows belong to the agent's thread; rebuild what is in memory by onAssigned instead",
  command: "a command works on the store beside a running agent; put it into a plugin of its own",
  erasure: "erasing works on the store beside a running agent; what it keeps in memory ends with it",
  worker: "it runs in a Worker already; give the handler itself",
  codec: 'a codec is code and can\'t leave the Worker; take "json", "text" or "bytes"',
} as const;

/** What may be refused. */
export type Refused = keyof typeof REFUSED;

/** The error that says so: with the plugin, what it wanted, and what to do. */
export function refusal(plugin: string, kind: Refused, what: string): Error {
  return new Error(
    `Cannot give ${plugin} ${what}: it is isolated (plugins.${plugin}.isolation = "worker"), and ${
      REFUSED[kind]
    }, or take isolation out`,
  );
}
