import { BYTES_PATTERN } from "./bytes.ts";
import { DURATION_PATTERN } from "./duration.ts";
import { IGNORED_KEYS } from "./host.ts";
import { type KeyPath, keyText } from "./key.ts";
import { type ConfiguredPlugin, leavesOf, rootSchema } from "./root.ts";
import type { Setting, SettingsSchema } from "./schema.ts";
import { allowedText, type LeafSetting } from "./value.ts";

/** A JSON Schema, as plain data. */
export type JsonSchema = { [keyword: string]: unknown };

/** An object's schema while its properties are gathered. */
interface ObjectSchema extends JsonSchema {
  properties: Record<string, JsonSchema>;
}

/** The JSON Schema (draft 2020-12) of config.toml, for editors. */
export function jsonSchema(plugins: readonly ConfiguredPlugin[]): JsonSchema {
  const schema = rootSchema(plugins);
  const root = objectSchema(schema);
  for (const { path, setting } of leavesOf(schema)) {
    if (setting.alias === undefined) continue;
    const description = `${setting.doc}\n\nOld name of ${keyText(path)}.`;
    put(root, setting.alias.split("."), { ...leafSchema(setting), description, deprecated: true });
  }
  for (const key of IGNORED_KEYS) {
    put(root, key.split("."), { description: "A key of tapes that means nothing here.", deprecated: true });
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Capstan's config.toml",
    ...root,
  };
}

function objectSchema(schema: SettingsSchema): ObjectSchema {
  const properties: Record<string, JsonSchema> = {};
  const exclusive: JsonSchema[] = [];
  for (const [name, setting] of Object.entries(schema)) {
    properties[name] = settingSchema(setting);
    if (setting.type === "string" && setting.secret === true) {
      properties[`${name}_file`] = { description: `File that holds: ${setting.doc}`, type: "string" };
      exclusive.push({ not: { required: [name, `${name}_file`] } });
    }
  }
  return {
    type: "object",
    ...(exclusive.length === 0 ? {} : { allOf: exclusive }),
    properties,
    additionalProperties: false,
  };
}

function settingSchema(setting: Setting): JsonSchema {
  if (setting.type === "table") return { description: setting.doc, ...objectSchema(setting.fields) };
  if (setting.type === "tables") {
    return { description: setting.doc, type: "object", additionalProperties: objectSchema(setting.fields) };
  }
  if (setting.type === "texts") {
    // A name with dots that is not quoted is a table in a table.
    const each: JsonSchema = { anyOf: [{ type: "string" }, { type: "object" }] };
    return { description: setting.doc, type: "object", additionalProperties: each };
  }
  return leafSchema(setting);
}

function leafSchema(setting: LeafSetting): JsonSchema {
  const description = `${setting.doc}\n\nIt must be ${allowedText(setting)}.`;
  const initial = setting.default === undefined ? {} : { default: setting.default };
  return { description, ...typeSchema(setting), ...initial };
}

function typeSchema(setting: LeafSetting): JsonSchema {
  switch (setting.type) {
    case "string":
      return {
        type: "string",
        ...(setting.oneOf === undefined ? {} : { enum: setting.oneOf }),
        ...(setting.pattern === undefined ? {} : { pattern: `^(?:${setting.pattern})$` }),
      };
    case "integer":
    case "number":
      return {
        type: setting.type,
        ...(setting.min === undefined ? {} : { minimum: setting.min }),
        ...(setting.max === undefined ? {} : { maximum: setting.max }),
      };
    case "boolean":
      return { type: "boolean" };
    case "duration":
      return {
        type: "string",
        pattern: `^(?:${DURATION_PATTERN}${setting.forever === true ? "|forever" : ""})$`,
      };
    case "bytes":
      return {
        anyOf: [{ type: "string", pattern: `^(?:${BYTES_PATTERN})$` }, { type: "integer", minimum: 0 }],
      };
    case "list":
      return { anyOf: [{ type: "array", items: { type: "string" } }, { type: "string" }] };
  }
}

/** Adds a property below the root, with the tables on its way. Own settings of that name stay. */
function put(root: ObjectSchema, path: KeyPath, schema: JsonSchema): void {
  let table = root;
  for (const name of path.slice(0, -1)) {
    const next = table.properties[name] ?? { type: "object", properties: {}, additionalProperties: false };
    table.properties[name] = next;
    if (!isObjectSchema(next)) return;
    table = next;
  }
  const last = path.at(-1) ?? "";
  table.properties[last] ??= schema;
}

function isObjectSchema(schema: JsonSchema): schema is ObjectSchema {
  return typeof schema.properties === "object";
}
