import type { BusRecord } from "../bus/contract.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./exit.ts";
import { follow } from "./follow.ts";
import { numberOption } from "./number_option.ts";
import { recordAsJson, recordAsLine } from "./render_record.ts";
import { styleFor } from "./style.ts";

/** A fresh reader of Kafka needs some seconds until its first records come, and a member of a group a moment. */
const PATIENCE_MS = { local: 5_000, kafka: 30_000 };

/** `capstan tail TOPIC` */
export const tail: CliCommand = {
  path: "tail",
  doc: "Print a topic's records as they come",
  more: "Reads Kafka where it is configured, else the log in the file; an agent may be running or not.\n" +
    "Order holds within a partition.",
  args: [{ name: "<topic>", doc: "name of the topic" }],
  options: [
    { flags: "--from-beginning", doc: "start with the oldest record kept, not with the next one" },
    { flags: "--no-follow", doc: "stop at the end instead of waiting for more" },
    { flags: "-n, --max <count>", doc: "stop after so many records" },
    { flags: "-k, --key <key>", doc: "print records with this key alone" },
    { flags: "-j, --json", doc: "one JSON object a line, with key, headers, time and offset" },
    { flags: "--group <name>", doc: "read as a member of this consumer group, and commit what was printed" },
    { flags: "--local", doc: "read this agent's own log even where Kafka is configured" },
  ],
  settings: busSettings,
  examples: [
    "capstan tail tapes.turns.v1",
    "capstan tail tapes.nodes.v1 --from-beginning --no-follow --json | jq .value.node.bucket.role",
  ],
  async run(call) {
    const { args: [topic = ""], options, io } = call;
    const max = numberOption("--max", options.max, { min: 1 });
    if (options.follow === false && options.fromBeginning !== true && options.group === undefined) {
      throw new UsageError(
        "Cannot tail with --no-follow alone: there is nothing behind the end; add --from-beginning",
      );
    }
    const { openBus } = await import("./open_bus.ts");
    await using open = await openBus(call, {
      local: options.local === true,
      write: options.group !== undefined,
    });
    const { bus } = open;
    const style = styleFor(io.stdout);
    const records = follow(bus, {
      topic: open.topicName(topic),
      fromBeginning: options.fromBeginning === true,
      follow: options.follow !== false,
      key: typeof options.key === "string" ? options.key : undefined,
      group: typeof options.group === "string" ? options.group : undefined,
      max,
      patienceMs: PATIENCE_MS[bus.name],
      signal: call.signal,
    });
    const line = options.json ? recordAsJson : (record: BusRecord) => recordAsLine(record, style);
    for await (const lot of records) await io.stdout.write(lot.map((record) => `${line(record)}\n`).join(""));
  },
};
