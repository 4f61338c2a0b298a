import { isDeadLetterTopic } from "../bus/stream/dead_letters.ts";
import type { CliCommand } from "./command.ts";
import type { FileStatus } from "./file_status.ts";
import type { RunningAgent } from "./running_agents.ts";
import { folded } from "./fold.ts";
import { bytes, count, duration, plural } from "./format.ts";
import { printable } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";
import { table } from "./table.ts";

/** `capstan status` */
export const status: CliCommand = {
  path: "status",
  doc: "Say what runs, what is stored, and what waits",
  more: "Ends with 1 where an agent runs and is not well.",
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan status", "capstan status --json | jq .file.groups"],
  async run(call) {
    const { openData } = await import("./open_data.ts");
    const { fileStatus } = await import("./file_status.ts");
    const { runningAgents } = await import("./running_agents.ts");
    const { existsSync } = await import("node:fs");
    const { loadConfiguration } = await import("./configuration.ts");
    const { io, signal } = call;
    const config = await loadConfiguration(call);
    const file = config.host.store.sqlite;
    if (!existsSync(file)) {
      await io.stdout.write(
        call.options.json === true
          ? `${JSON.stringify({ agents: [], file: null })}\n`
          : `no agent runs, and ${file} does not exist yet; start with: capstan run\n`,
      );
      return 0;
    }
    const agents = await runningAgents(file, { token: config.host.admin.token, signal });
    await using data = await openData(call, { write: false, config });
    const found = await fileStatus(data.store, data.local);
    if (call.options.json === true) {
      await io.stdout.write(`${JSON.stringify({ agents, file: found }, null, 2)}\n`);
    } else {
      await io.stdout.write(
        agentsText(agents, styleFor(io.stdout)) + "\n" + fileText(found, styleFor(io.stdout)),
      );
    }
    return agents.every(isWell) ? 0 : 1;
  },
};

function isWell({ status }: RunningAgent): boolean {
  return !("unreachable" in status) && status.status !== "failed";
}

function agentsText(running: readonly RunningAgent[], style: Style): string {
  if (running.length === 0) return `${style.bold("agent")}  no agent runs on this file\n`;
  return running.map((each) => agentText(each, style)).join("");
}

function agentText({ agent, status }: RunningAgent, style: Style): string {
  if ("unreachable" in status) {
    return `${style.bold("agent")}  pid ${agent.pid} holds this file, but ${agent.admin} ${
      style.red("does not answer")
    }: ${printable(status.unreachable)}\n`;
  }
  const colour = status.status === "ok"
    ? style.green
    : status.status === "degraded"
    ? style.yellow
    : style.red;
  const lines = [
    `${style.bold("agent")}  ${colour(status.status)}, pid ${agent.pid}, version ${status.version}, up ${
      duration(status.uptime_s * 1000)
    }`,
    ...status.listeners.map(({ name, origin }) => `  ${name}: ${origin}`),
    `  bus: ${status.bus.driver}${status.bus.connected ? "" : style.red(" (not connected)")}${
      status.bus.detail ? `, ${printable(status.bus.detail)}` : ""
    }`,
  ];
  if (status.relay) lines.push(`  to Kafka: ${plural(status.relay.lag, "event")} waiting`);
  if (!status.store.accepting) {
    lines.push(`  ${style.red("not storing")}: ${printable(status.store.reason ?? "")}`);
  }
  for (const [name, health] of Object.entries(status.health)) {
    if (health.status === "ok") continue;
    lines.push(
      `  ${style.yellow(`${name}: ${health.status}`)}${health.detail ? `, ${printable(health.detail)}` : ""}`,
    );
  }
  return lines.map((line) => folded(line, style.columns, 4)).join("\n") + "\n";
}

function fileText(found: FileStatus, style: Style): string {
  const { columns } = style;
  const wal = found.walBytes > 0 ? `, ${bytes(found.walBytes)} of it not copied in yet` : "";
  const rows = found.views.map((view) => [view.name, count(view.rows)]);
  const topics = [
    ["topic", "partitions", "kept", "ever"],
    // A dead-letter topic is news once something is in it.
    ...found.topics.filter(({ name, end }) => end > 0 || !isDeadLetterTopic(name)).map((
      topic,
    ) => [topic.name, `${topic.partitions}`, count(topic.records), count(topic.end)]),
  ];
  const groups = [
    ["group", "behind", "topics"],
    ...found.groups.map((group) => [group.name, count(group.lag), group.topics.join(" ")]),
  ];
  return [
    folded(`${style.bold("file")}   ${found.file}, ${bytes(found.bytes + found.walBytes)}${wal}`, columns) +
    "\n",
    rows.length > 0 ? table(rows, { indent: 2 }) : "",
    `\n${style.bold("log")}\n${table(topics, { indent: 2, columns })}`,
    groups.length > 1 ? `\n${table(groups, { indent: 2, columns })}` : "",
  ].join("");
}
