import { dirname } from "node:path";
import { hostSchema, type HostSettings } from "./host.ts";
import { kafkaProblems } from "./host_rules.ts";
import { findUnknownKeys } from "./known.ts";
import { readConfigText } from "./locate.ts";
import { ConfigError, configError, type Place } from "./problem.ts";
import { resolve } from "./resolve.ts";
import { readToml, type TomlTable } from "./toml.ts";
import { type Environment, homeOf } from "./trust.ts";

/** What `[kafka]` is read from. */
export interface KafkaTableOptions {
  /** A TOML file, absolute. */
  readonly file: string;
  /** The environment's variables; they come before the file, as for the agent. */
  readonly env: Environment;
  /** Where relative paths of the environment start, absolute. */
  readonly cwd: string;
}

/** `[kafka]` of a file, checked. */
export interface KafkaTable {
  /** The settings, with defaults. */
  readonly settings: HostSettings["kafka"];
  /** Names of those that the file or the environment has: the others are defaults. */
  readonly given: ReadonlySet<string>;
}

/** The part of the agent's schema that is read; other tables of the file are the agent's business. */
const schema = { kafka: hostSchema.kafka } as const;

/**
 * Reads `[kafka]` of an agent's configuration file, for a program without an agent.
 * @throws {ConfigError} there is no such file, it is no TOML, or something in `[kafka]` is wrong; with file, line and key.
 */
export function readKafkaTable({ file, env, cwd }: KafkaTableOptions): KafkaTable {
  const text = readConfigText(file);
  if (text === undefined) {
    throw new ConfigError(`Cannot read ${file}: there is no such file; name a TOML file that has [kafka]`);
  }
  const whole = readToml(text, file);
  const node = whole.entries.get("kafka");
  const tree: TomlTable = { ...whole, entries: new Map(node === undefined ? [] : [["kafka", node]]) };
  const bases = { dir: dirname(file), cwd, home: homeOf(env) };
  const { values, entries, problems } = resolve(schema, { tree, file, flags: [], env }, bases);
  const broken = [...findUnknownKeys(schema, tree, file).problems, ...problems];
  const settings = values.kafka as HostSettings["kafka"];
  if (broken.length === 0) {
    if (settings.bootstrap_servers.length === 0) {
      const place: Place = { kind: "file", file, ...(node ?? whole).at };
      broken.push({
        place,
        key: "kafka.bootstrap_servers",
        wrong: "is missing",
        allowed: "name the brokers here, or set KAFKA_BOOTSTRAP_SERVERS",
      });
    }
    broken.push(...kafkaProblems(settings, entries));
  }
  if (broken.length > 0) throw configError(broken);
  const given = entries.filter(({ place }) => place.kind !== "default").map(({ path }) => path.at(-1) ?? "");
  return { settings, given: new Set(given) };
}
