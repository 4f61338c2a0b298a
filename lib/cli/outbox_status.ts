import type { CliCommand } from "./command.ts";
import type { OutboxStatus } from "../bus/relay/status.ts";
import { count, duration, plural } from "./format.ts";
import { printable } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";
import { folded } from "./fold.ts";
import { table } from "./table.ts";

/** `capstan outbox status` */
export const outboxStatus: CliCommand = {
  path: "outbox status",
  doc: "Say how many events wait to go to Kafka, and why",
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan outbox status", "capstan outbox status --json | jq .lag"],
  async run(call) {
    const { openData } = await import("./open_data.ts");
    const { outboxStatus: read } = await import("../bus/relay/status.ts");
    await using data = await openData(call, { write: false });
    const found = data.store.read((db) => read(db));
    const text = call.options.json === true
      ? `${JSON.stringify(found ?? null, null, 2)}\n`
      : outboxText(found, styleFor(call.io.stdout));
    await call.io.stdout.write(text);
  },
};

/** The outbox for a person. */
export function outboxText(found: OutboxStatus | undefined, style: Style): string {
  if (!found) {
    const nothing = "nothing goes to Kafka from this file: no agent with Kafka configured has run on it";
    return `${folded(nothing, style.columns)}\n`;
  }
  const age = found.oldestAt === null ? "" : `, the oldest for ${duration(found.now - found.oldestAt)}`;
  const lines = [
    found.lag === 0 ? style.green("everything is sent") : `${plural(found.lag, "event")} waiting${age}`,
    found.holder ? `sent by ${found.holder.name}` : "nobody is sending: no agent runs with Kafka configured",
  ];
  if (found.trouble) {
    lines.push(
      `${style.red("trouble")} for ${duration(found.now - found.trouble.at)}: ${
        printable(found.trouble.reason)
      }`,
    );
  }
  if (found.refused > 0) {
    lines.push(style.red(`${plural(found.refused, "event")} refused by Kafka and set aside`));
  }
  const topics = Map.groupBy(found.partitions, ({ topic }) => topic);
  const rows = [...topics].map(([topic, partitions]) => {
    const lag = partitions.reduce((sum, partition) => sum + partition.lag, 0);
    const end = partitions.reduce((sum, partition) => sum + partition.endOffset, 0);
    return [topic, partitions[0]?.target ?? topic, count(lag), count(end)];
  });
  const { columns } = style;
  const text = lines.map((line) => folded(line, columns)).join("\n");
  return `${text}\n\n${table([["topic", "on Kafka", "waiting", "ever"], ...rows], { columns })}`;
}
