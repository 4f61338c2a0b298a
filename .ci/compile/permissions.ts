/**
 * What the executable may do: its sockets, its files, its environment, and what it asks the system for. It starts no
 * programs and loads no native libraries. No prompts: what is not granted is an error.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,uid,statfs,cpus,osRelease,networkInterfaces,homedir",
  "--no-prompt",
];
