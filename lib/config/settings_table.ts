import { type KeyPath, keyText } from "./key.ts";
import { leavesOf } from "./root.ts";
import type { SettingsSchema } from "./schema.ts";
import { allowedText, readDefault } from "./value.ts";

/** A Markdown table of a schema's settings, for a README. `prefix` stands before each key. */
export function settingsTable(schema: SettingsSchema, prefix: KeyPath = []): string {
  const rows = leavesOf(schema, prefix).map(({ path, setting }) => {
    const initial = readDefault(setting);
    const secret = setting.type === "string" && setting.secret === true;
    const key = code(keyText(path)) + (secret ? ` or ${code(`${keyText(path)}_file`)}` : "");
    const value = initial?.ok === true && initial.text !== "[]" ? code(initial.text) : "";
    return `| ${[key, cell(allowedText(setting)), value, cell(setting.doc)].join(" | ")} |`;
  });
  return ["| Key | Value | Default | What it is |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
