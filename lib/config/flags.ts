import { type KeyPath, keyText } from "./key.ts";
import { isOfLoading, leavesOf } from "./root.ts";
import type { SettingsSchema } from "./schema.ts";
import { allowedText, type LeafSetting } from "./value.ts";

/** A flag of the command line that sets a setting. */
export interface FlagSpec {
  /** As commander has it: `-s, --sqlite <path>`; a switch has no value: `--store-power-safe`. */
  readonly flags: string;
  /** The long flag with its dashes. */
  readonly name: string;
  /** One sentence for help. */
  readonly doc: string;
  /** The setting's full key. */
  readonly key: string;
  /** May be given several times; a value may hold several, with commas. */
  readonly repeatable: boolean;
  /** The only values it takes. Absent: others. */
  readonly oneOf?: readonly string[];
  /** What a switch sets. Absent: the flag takes a value. */
  readonly sets?: boolean;
}

/** A flag that was given. */
export interface FlagValue {
  /** The setting's full key. */
  readonly key: string;
  /** The long flag with its dashes, for messages. */
  readonly name: string;
  /** The text behind it, what a switch sets, or all texts of a flag given several times. */
  readonly value: string | boolean | readonly string[];
}

/**
 * The flags of a schema's settings. `prefix` is where the schema stands: `[]` for the host, `["plugins", "tapes"]` for
 * a plugin. A switch has two flags, `--x` and `--no-x`. Secrets have none but for their file (`--kafka-sasl-password-file`),
 * because everybody on the machine sees a command line.
 */
export function flagsOf(schema: SettingsSchema, prefix: KeyPath = []): FlagSpec[] {
  return leavesOf(schema, prefix).filter(({ named, path }) => !named && !isOfLoading(path)).flatMap(
    ({ path, setting }) => {
      const key = keyText(path);
      const long = setting.flag ?? flagName(path);
      if (setting.type === "boolean") {
        return [
          spec(`--${long}`, { key, setting, sets: true }),
          spec(`--no-${long}`, { key, setting, sets: false }),
        ];
      }
      if (setting.type === "string" && setting.secret === true) {
        const doc = `File that holds: ${setting.doc}`;
        return [{ ...spec(`--${long}-file`, { key: `${key}_file`, setting, value: "path" }), doc }];
      }
      return [spec(`--${long}`, { key, setting, value: valueName(setting) })];
    },
  );
}

/**
 * What was given of `specs`, from commander's `opts()`. Options must have no default, and those that are `repeatable`
 * must collect into an array.
 */
export function givenFlags(
  specs: readonly FlagSpec[],
  options: Readonly<Record<string, unknown>>,
): FlagValue[] {
  return specs.flatMap(({ key, name, sets }): FlagValue[] => {
    const value = options[attributeName(name)];
    if (sets !== undefined) return value === sets ? [{ key, name, value: sets }] : [];
    if (typeof value === "string") return [{ key, name, value }];
    return Array.isArray(value) ? [{ key, name, value: value.map(String) }] : [];
  });
}

function flagName(path: KeyPath): string {
  const own = path[0] === "plugins" ? path.slice(1) : path;
  return own.join("-").replaceAll("_", "-");
}

function attributeName(flag: string): string {
  return flag.replace(/^--(no-)?/, "").replace(/-([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

function spec(
  name: string,
  { key, setting, value, sets }: { key: string; setting: LeafSetting; value?: string; sets?: boolean },
): FlagSpec {
  const short = setting.short !== undefined && sets !== false && !name.endsWith("-file")
    ? `-${setting.short}, `
    : "";
  const behind = value === undefined ? "" : ` <${value}>`;
  const doc = setting.type === "string" && setting.oneOf !== undefined
    ? `${setting.doc} It is ${allowedText(setting)}.`
    : setting.doc;
  return {
    flags: `${short}${name}${behind}`,
    name,
    doc: sets === false ? `The opposite of ${name.replace("--no-", "--")}.` : doc,
    key,
    repeatable: setting.type === "list",
    ...(setting.type === "string" && setting.oneOf !== undefined ? { oneOf: setting.oneOf } : {}),
    ...(sets === undefined ? {} : { sets }),
  };
}

function valueName(setting: LeafSetting): string {
  switch (setting.type) {
    case "string":
      return setting.path === true ? "path" : "text";
    case "integer":
    case "number":
      return "number";
    case "duration":
      return "time";
    case "bytes":
      return "size";
    default:
      return "list";
  }
}
