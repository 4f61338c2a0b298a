/** A block of commands, and what README shows of their output. */
export interface CommandBlock {
  /** Heading of level two above it. */
  section: string;
  /** Command lines, continued ones made one. */
  commands: string[];
  /** The `text` block right behind it. */
  shown?: string;
}

/** README's `sh` blocks in their order. */
export function commandBlocks(markdown: string): CommandBlock[] {
  const parts = markdown.split(/^## /m).slice(1);
  return parts.flatMap((part) => {
    const section = part.split("\n", 1)[0] ?? "";
    const blocks = part.matchAll(/```sh\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g);
    return [...blocks].map(([, commands = "", shown]): CommandBlock => ({
      section,
      commands: commands.replaceAll("\\\n", " ").split("\n").filter((line) => line.trim() !== ""),
      ...(shown === undefined ? {} : { shown }),
    }));
  });
}

/** The `json` blocks that show an event, by topic. */
export function shownEvents(markdown: string): Map<string, unknown> {
  const blocks = markdown.matchAll(/<!-- event (\S+) -->\s+```json\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, topic = "", text = ""]) => [topic, JSON.parse(text)]));
}

/** A text without what differs from run to run: hashes, ids, times, sizes, durations, and spaces between columns. */
export function normalised(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}(-[0-9a-f]{12})?/g, "ID")
    .replace(/\b[0-9a-f]{64}\b/g, "HASH")
    .replace(/\bw-[0-9a-f]{16}\b/g, "WRITER")
    .replace(/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?Z?)?/g, "TIME")
    .replace(/"created":\s*\d+/g, '"created":0')
    .replace(/"(request|response)_bytes":\s*\d+/g, '"$1_bytes":0')
    .replace(/pid \d+/g, "pid N")
    .replace(/up \d+ \S+/g, "up N")
    .replace(/\d[\d.]* [KM]B(, \d[\d.]* [KM]B of it not copied in yet)?/g, "SIZE")
    .replace(/[ \t]+/g, " ")
    .replace(/(tapes\.calls\.v1 1) [01] /, "$1 N ") // a derived call goes when retention next runs
    .trim();
}
