import type { CliOption } from "./command.ts";

/** Flags of the commands about topics. */
export const localFlag: CliOption = {
  flags: "--local",
  doc: "this agent's own log even where Kafka is configured",
};

/** For a cluster with fewer brokers than topics ask copies for. */
export const replicationFlag: CliOption = {
  flags: "--replication <count>",
  doc: "at most so many copies of a topic, this time",
};

/** What the commands have in common, for their help. */
export const aboutTopics =
  "Topics are those that the enabled plugins declare, with a dead-letter topic for each that is read; " +
  '[topics."NAME"] of the configuration changes their figures. They are compared with Kafka where it is ' +
  "configured, else with the log in the file. Where a plugin asks for more copies than there are brokers, its topics " +
  "get as many as there are, and that is said; copies that the configuration asks for are not lowered.";
