/**
 * What the executable may do: its sockets, its files, its environment, and what it asks the system for. It starts no
 * programs and loads no native libraries. No prompts: what is not granted is an error. Isolated plugins get permissions
 * of their own, fewer than these, which Deno gives to Workers behind a flag.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,uid,statfs,cpus,osRelease,networkInterfaces,homedir",
  "--no-prompt",
  "--unstable-worker-options",
];
