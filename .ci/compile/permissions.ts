/**
 * What the executable may do: its sockets, its files and its environment. It starts no programs, loads no native
 * libraries and imports no code from the network. Of the system it asks its host's name and the room on its disk; the
 * rest of `--allow-sys` is what packages of plugins ask as a matter of course. No prompts: what is not granted is an
 * error. Isolated plugins get permissions of their own, fewer than these, which Deno gives to Workers behind a flag.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,statfs,uid,cpus,osRelease,homedir",
  "--deny-import",
  "--no-prompt",
  "--unstable-worker-options",
];
