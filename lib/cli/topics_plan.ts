import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { numberOption } from "./number_option.ts";
import { planText, summaryOf } from "./render_topic_plan.ts";
import { styleFor } from "./style.ts";
import { aboutTopics, localFlag, replicationFlag } from "./topics_options.ts";

/** What `--exit-code` ends with where there are differences: neither a failure (1) nor wrong usage (2). */
const DIFFERENT = 3;

/** `capstan topics plan` */
export const topicsPlan: CliCommand = {
  path: "topics plan",
  doc: "Say how the topics there are differ from those declared",
  more: `${aboutTopics} Changes nothing.\n\n+ is created, ~ changed by apply; ! says what it can't do.`,
  options: [
    replicationFlag,
    localFlag,
    { flags: "--exit-code", doc: `end with ${DIFFERENT} where there are differences` },
    { flags: "-j, --json", doc: "as JSON" },
  ],
  settings: busSettings,
  examples: ["capstan topics plan", "capstan topics plan --exit-code --json | jq .changes"],
  async run(call) {
    const { options, io } = call;
    const replication = numberOption("--replication", options.replication, { min: 1 });
    const { openTopics } = await import("./open_topics.ts");
    const { lowerReplication } = await import("./lower_replication.ts");
    await using open = await openTopics(call, { local: options.local === true, write: false });
    const { admin, bus, where } = open;
    const { specs, remark } = await lowerReplication({ ...open, limit: replication });
    const changes = await admin.plan(specs);
    if (remark !== undefined) await io.stderr.write(`${remark}\n`);
    const text = options.json === true
      ? `${JSON.stringify({ bus, where, changes, summary: summaryOf(changes) }, null, 2)}\n`
      : planText(changes, { where, topics: specs.length, style: styleFor(io.stdout) });
    await io.stdout.write(text);
    return options.exitCode === true && changes.length > 0 ? DIFFERENT : 0;
  },
};
