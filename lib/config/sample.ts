import { type KeyPath, keyText } from "./key.ts";
import { type ConfiguredPlugin, eachText, isLeaf, rootSchema } from "./root.ts";
import type { SettingsSchema } from "./schema.ts";
import { allowedText, type LeafSetting, readDefault } from "./value.ts";

/**
 * A configuration with every setting explained. Each is there as a comment with its default (`#level = "info"`), so
 * that the file as it stands means the defaults; a setting without a default is shown as `#level =`.
 */
export function sampleToml(plugins: readonly ConfiguredPlugin[]): string {
  const head = "# Every setting of Capstan, with its default. Take away a # to change one.\n";
  return head + tableLines(rootSchema(plugins), [], "").join("\n") + "\n";
}

/** Lines of a table: its own settings first, as TOML wants it, then the tables below. */
function tableLines(schema: SettingsSchema, path: KeyPath, doc: string): string[] {
  const settings = Object.entries(schema).flatMap(([name, setting]) =>
    isLeaf(setting) ? settingLines(name, setting) : []
  );
  const header = settings.length === 0 ? [] : ["", ...comment(doc), `[${keyText(path)}]`, ...settings];
  const below = Object.entries(schema).flatMap(([name, setting]) => {
    const here = [...path, name];
    if (setting.type === "table") return tableLines(setting.fields, here, setting.doc);
    if (setting.type === "texts") {
      return ["", `[${keyText(here)}]`, ...settingLines("NAME", eachText(setting))];
    }
    return setting.type === "tables" ? namedLines(setting.fields, here, setting.doc) : [];
  });
  return [...header, ...below];
}

function settingLines(name: string, setting: LeafSetting): string[] {
  const initial = readDefault(setting);
  const text = initial?.ok === true ? ` ${initial.text}` : "";
  const secret = setting.type === "string" && setting.secret === true;
  const file = secret ? [`#${name}_file =`] : [];
  return [...comment(`${setting.doc} (${allowedText(setting)})`), `#${name} =${text}`, ...file];
}

/** A table whose name the user chooses; all of it is prose, since nobody has a table of that name. */
function namedLines(schema: SettingsSchema, path: KeyPath, doc: string): string[] {
  const lines = tableLines(schema, [...path, "NAME"], doc).filter((line) => line !== "");
  return [
    "",
    ...lines.map((line) => line.startsWith("#") ? line.replace(/^#(?=\S)/, "#   ") : `#   ${line}`),
  ];
}

function comment(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > 100 && line !== "#") {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
