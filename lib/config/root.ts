import type { NamedTablesSetting, Setting, SettingsSchema, TableSetting } from "./schema.ts";
import { hostSchema } from "./host.ts";
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
}

/** Whether a setting holds a value, not further settings. */
export function isLeaf(setting: Setting): setting is LeafSetting {
  return setting.type !== "table" && setting.type !== "tables";
}

/** Whether a setting holds further settings. */
export function isTable(setting: Setting): setting is TableSetting | NamedTablesSetting {
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
  return { type: "table", doc, fields: { enabled: enabledSetting(plugin), ...plugin.config } };
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
    return setting.type === "table"
      ? leavesOf(setting.fields, path, named)
      : leavesOf(setting.fields, [...path, "NAME"], true);
  });
}
