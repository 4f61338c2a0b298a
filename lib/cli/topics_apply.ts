import type { TopicChange, TopicSpec } from "../bus/contract.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand, Invocation } from "./command.ts";
import { confirm } from "./confirm.ts";
import { EXIT } from "./exit.ts";
import { plural } from "./format.ts";
import { numberOption } from "./number_option.ts";
import type { OpenTopics } from "./open_topics.ts";
import { printable } from "./printable.ts";
import { planText, summaryOf } from "./render_topic_plan.ts";
import { styleFor } from "./style.ts";
import { aboutTopics, localFlag, replicationFlag } from "./topics_options.ts";

/** `capstan topics apply` */
export const topicsApply: CliCommand = {
  path: "topics apply",
  doc: "Create the topics declared, and change what can be changed",
  more: `${aboutTopics}\n\n` +
    "It creates topics, adds partitions and changes settings. It never deletes a topic, takes partitions away, moves " +
    "copies, or resets a setting that nobody declares. On a terminal it asks first; elsewhere it goes ahead. It ends " +
    "with 1 where a change failed or something remains that can't be done.\n\n" +
    "An agent may be running: it takes new partitions of its own log up within seconds, and those of Kafka within " +
    "five minutes. Other figures of the configuration are the agent's from its next start.",
  options: [
    { flags: "-y, --yes", doc: "do not ask" },
    replicationFlag,
    localFlag,
    { flags: "-j, --json", doc: "as JSON; does not ask" },
  ],
  settings: busSettings,
  examples: ["capstan topics apply", "capstan topics apply --yes --replication 1"],
  async run(call) {
    const { options, io } = call;
    const replication = numberOption("--replication", options.replication, { min: 1 });
    const { openTopics } = await import("./open_topics.ts");
    const { lowerReplication } = await import("./lower_replication.ts");
    await using open = await openTopics(call, { local: options.local === true, write: true });
    const json = options.json === true;
    const { specs, remark } = await lowerReplication({ ...open, limit: replication });
    const changes = await open.admin.plan(specs);
    refuseMissingBrokers(changes);
    const style = styleFor(io.stdout);
    if (remark !== undefined) await io.stderr.write(`${remark}\n`);
    if (!json) await io.stdout.write(planText(changes, { where: open.where, topics: specs.length, style }));
    const possible = specs.filter(({ name }) =>
      changes.some(({ topic, kind }) => topic === name && kind !== "impossible")
    );
    const asks = possible.length > 0 && !json && options.yes !== true && io.stdin.isTerminal;
    if (asks && !await confirm(call, "\nApply these changes? [y/N] ")) {
      await io.stdout.write("nothing was changed\n");
      return EXIT.failed;
    }
    const { done, failed } = await applyEach(call, open, possible, { quiet: json });
    const { impossible } = summaryOf(changes);
    if (json) {
      const remaining = changes.filter(({ kind }) => kind === "impossible");
      const { bus, where } = open;
      await io.stdout.write(`${JSON.stringify({ bus, where, done, failed, remaining }, null, 2)}\n`);
    } else if (possible.length > 0) {
      const topics = new Set(done.map(({ topic }) => topic)).size;
      await io.stdout.write(`\n${plural(topics, "topic")} created or changed\n`);
    }
    return failed.length > 0 || impossible > 0 ? EXIT.failed : EXIT.ok;
  },
};

/** @throws {Error} topics to be created ask for more copies than there are brokers; nothing was done. */
function refuseMissingBrokers(changes: readonly TopicChange[]): void {
  const missing = changes.filter(({ kind, what, from }) =>
    kind === "impossible" && what === "replication" && from === undefined
  );
  const [first] = missing;
  if (first === undefined) return;
  const others = missing.length > 1 ? ` (${plural(missing.length - 1, "other topic")} likewise)` : "";
  throw new Error(
    `Cannot create topic "${first.topic}": ${
      first.detail.replace("replication: ", "")
    }${others}; add brokers, lower ` +
      '[topics."NAME"] replication, or lower it for this run with --replication; nothing was changed',
  );
}

/** Topic by topic, so that one that fails keeps none of the others. */
async function applyEach(
  { io, signal }: Invocation,
  { admin }: OpenTopics,
  specs: readonly TopicSpec[],
  { quiet }: { quiet: boolean },
): Promise<{ done: TopicChange[]; failed: { topic: string; error: string }[] }> {
  const done: TopicChange[] = [];
  const failed: { topic: string; error: string }[] = [];
  const style = styleFor(io.stderr);
  for (const spec of specs) {
    signal.throwIfAborted();
    try {
      done.push(...await admin.apply([spec]));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      failed.push({ topic: spec.name, error: said });
      if (!quiet) await io.stderr.write(`${style.red("error:")} ${printable(said)}\n`);
    }
  }
  return { done, failed };
}
