import type {
  NamedTablesSetting,
  Setting,
  SettingsSchema,
  StringSetting,
  TableSetting,
  TextsSetting,
} from "./schema.ts";
import { hostSchema } from "./host.ts";
import { ISOLATION } from "./isolation.ts";
import type { KeyPath } from "./key.ts";
import type { LeafSetting } from "./value.ts";

/** What the configuration must know of a plugin; a `Plugin` is one. */
export interface ConfiguredPlugin {
  /** Its table is `[plugins.NAME]`. */
  readonly name: string;
  /** One sentence: what it does. */
  readonly doc?: string;
  /** Its own settings. */
  readonly config?: SettingsSchema;
  /** Whether it runs when nothing is said. Default true. */
  readonly enabledByDefault?: boolean;
  /** It is loaded from a module that its table names. */
  readonly external?: boolean;
}

/** Whether a setting holds a value, not further settings. */
export function isLeaf(setting: Setting): setting is LeafSetting {
  return setting.type !== "table" && setting.type !== "tables" && setting.type !== "texts";
}

/** What each text of a table of texts is. */
export function eachText({ doc }: TextsSetting): StringSetting {
  return { type: "string", doc };
}

/** Whether a setting holds further settings. */
export function isTable(setting: Setting): setting is TableSetting | NamedTablesSetting | TextsSetting {
  return !isLeaf(setting);
}

/** One schema of the whole file: the host's tables and `[plugins.NAME]` for each plugin. */
export function rootSchema(plugins: readonly ConfiguredPlugin[]): SettingsSchema {
  const tables = plugins.map((plugin): [string, Setting] => [plugin.name, pluginTable(plugin)]);
  return {
    ...hostSchema,
    plugins: { type: "table", doc: "The plugins and their settings.", fields: Object.fromEntries(tables) },
  };
}

function pluginTable(plugin: ConfiguredPlugin): TableSetting {
  const doc = plugin.doc ?? `Settings of the plugin ${plugin.name}.`;
  return {
    type: "table",
    doc,
    fields: { enabled: enabledSetting(plugin), ...(plugin.external && LOADING), ...plugin.config },
  };
}

/** Where a plugin comes from that is not built in. The file alone says it: it is read before flags are known. */
const LOADING: SettingsSchema = {
  module: {
    type: "string",
    path: true,
    doc: "The plugin's module: a TypeScript or JavaScript file, or a folder with a package.json.",
  },
  optional: {
    type: "boolean",
    default: false,
    doc: "Whether the agent starts without the plugin where it can't be loaded or set up.",
  },
  ...ISOLATION,
};

/** The settings of an external plugin that are the agent's, not its own. */
export const LOADING_KEYS: readonly string[] = Object.keys(LOADING);

/** Whether a key says where a plugin comes from and how it is run. */
export function isOfLoading(path: KeyPath): boolean {
  return path.length >= 3 && path[0] === "plugins" && Object.hasOwn(LOADING, path[2] ?? "");
}

function enabledSetting(plugin: ConfiguredPlugin): Setting {
  return {
    type: "boolean",
    default: plugin.enabledByDefault ?? true,
    doc: `Whether the plugin ${plugin.name} runs.`,
  };
}

/** A setting with its key. In named tables a name of the user's choice stands as `NAME`. */
export interface KeyedSetting {
  /** The full key. */
  readonly path: KeyPath;
  /** The setting itself. */
  readonly setting: LeafSetting;
  /** It is in a table with a name of the user's choice, so it has no flag and no alias. */
  readonly named: boolean;
}

/** All settings of a schema that hold values, in its order. */
export function leavesOf(schema: SettingsSchema, under: KeyPath = [], named = false): KeyedSetting[] {
  return Object.entries(schema).flatMap(([name, setting]): KeyedSetting[] => {
    const path = [...under, name];
    if (isLeaf(setting)) return [{ path, setting, named }];
    if (setting.type === "texts") {
      return [{ path: [...path, "NAME"], setting: eachText(setting), named: true }];
    }
    return setting.type === "table"
      ? leavesOf(setting.fields, path, named)
      : leavesOf(setting.fields, [...path, "NAME"], true);
  });
}
