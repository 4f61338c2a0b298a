import type { GroupDescription } from "../bus/contract.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { count } from "./format.ts";
import { printable } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";
import { table } from "./table.ts";
import { localFlag } from "./topics_options.ts";

/** `capstan groups list` */
export const groupsList: CliCommand = {
  path: "groups list",
  doc: "List the consumer groups and how far they are behind",
  more: "Groups of Kafka where it is configured, else those of the log in the file, whether they run or not.",
  options: [localFlag, { flags: "-j, --json", doc: "as JSON" }],
  settings: busSettings,
  examples: ["capstan groups list", "capstan groups list --json | jq '.[] | select(.lag > 1000).name'"],
  async run(call) {
    const { options, io } = call;
    const { openBus } = await import("./open_bus.ts");
    await using open = await openBus(call, { local: options.local === true, write: false });
    const { groups } = open.bus;
    const found = (await groups.describe(await groups.list())).map(summaryOf);
    await io.stdout.write(
      options.json === true ? `${JSON.stringify(found, null, 2)}\n` : listText(found, styleFor(io.stdout)),
    );
  },
};

/** A group in one line; JSON. */
interface GroupSummary {
  name: string;
  state: GroupDescription["state"];
  /** How many run. */
  members: number;
  /** Records it has not committed. */
  lag: number;
  topics: readonly string[];
}

function summaryOf({ name, state, members, partitions }: GroupDescription): GroupSummary {
  return {
    name,
    state,
    members: members.length,
    lag: partitions.reduce((sum, at) => sum + at.lag, 0),
    topics: [...new Set(partitions.map(({ topic }) => topic))].sort(),
  };
}

function listText(groups: readonly GroupSummary[], style: Style): string {
  if (groups.length === 0) return "there are no consumer groups yet\n";
  const rows = groups.map(({ name, state, members, lag, topics }) => [
    printable(name),
    stateText(state, style),
    count(members),
    count(lag),
    printable(topics.join(" ")),
  ]);
  return table([["group", "state", "members", "behind", "topics"], ...rows], { columns: style.columns });
}

/** A group's state in its colour. */
export function stateText(state: GroupDescription["state"], style: Style): string {
  return state === "running"
    ? style.green(state)
    : state === "empty"
    ? style.dim(state)
    : style.yellow(state);
}
