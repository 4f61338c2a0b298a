/** The settings that are flags of commands on topics, groups and dead letters: which bus is meant. */
export function busSettings(key: string): boolean {
  return key === "kafka.bootstrap_servers";
}
