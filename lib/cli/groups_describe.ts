import type { GroupDescription } from "../bus/contract.ts";
import { nearest } from "../config/nearest.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { count, plural } from "./format.ts";
import { stateText } from "./groups_list.ts";
import { printable } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";
import { table } from "./table.ts";
import { localFlag } from "./topics_options.ts";

/** `capstan groups describe GROUP` */
export const groupsDescribe: CliCommand = {
  path: "groups describe",
  doc: "Say how far a consumer group is in each partition, and who reads it",
  args: [{ name: "<group>", doc: "name of the group" }],
  options: [localFlag, { flags: "-j, --json", doc: "as JSON" }],
  settings: busSettings,
  examples: ["capstan groups describe insights", "capstan groups describe insights --json | jq .partitions"],
  async run(call) {
    const { args: [name = ""], options, io } = call;
    const { openBus } = await import("./open_bus.ts");
    await using open = await openBus(call, { local: options.local === true, write: false });
    const { groups } = open.bus;
    const [found] = await groups.describe([name]);
    if (found === undefined) throw unknownGroup(name, await groups.list());
    await io.stdout.write(
      options.json === true
        ? `${JSON.stringify(found, null, 2)}\n`
        : describeText(found, styleFor(io.stdout)),
    );
  },
};

function unknownGroup(name: string, known: readonly string[]): Error {
  const near = nearest(name, known);
  const ask = near === undefined ? "capstan groups list shows those there are" : `did you mean ${near}?`;
  return new Error(`Cannot describe group "${name}": there is no such group; ${ask}`);
}

function describeText({ name, state, members, partitions }: GroupDescription, style: Style): string {
  const lag = partitions.reduce((sum, at) => sum + at.lag, 0);
  const readers = new Map(
    members.flatMap((member) =>
      member.partitions.map(({ topic, partition }) => [`${partition}/${topic}`, member] as const)
    ),
  );
  const rows = partitions.map(({ topic, partition, committed, endOffset, lag }) => {
    const member = readers.get(`${partition}/${topic}`);
    return [
      printable(topic),
      String(partition),
      committed === null ? "" : count(committed),
      count(endOffset),
      count(lag),
      member === undefined ? "" : printable(memberText(member)),
    ];
  });
  const head = `${style.bold(printable(name))}  ${stateText(state, style)}, ${
    plural(members.length, "member")
  }, ${plural(lag, "record")} behind\n`;
  return `${head}\n${
    table([["topic", "partition", "committed", "end", "behind", "read by"], ...rows], {
      columns: style.columns,
    })
  }`;
}

function memberText({ id, host }: GroupDescription["members"][number]): string {
  return host === null || host === "" ? id : `${id} at ${host}`;
}
