import type { TopicChange, TopicDescription } from "../bus/contract.ts";
import { settingText } from "../bus/topic_changes.ts";
import type { WantedTopic } from "../plugin/topics.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { bytes, count } from "./format.ts";
import type { OpenTopics } from "./open_topics.ts";
import { printable } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";
import { table } from "./table.ts";
import { aboutTopics, localFlag } from "./topics_options.ts";

/** A topic as it is beside as it should be; JSON. */
export interface ListedTopic {
  /** Its name in code; `null` where nobody declares it. */
  topic: string | null;
  /** Its name on the bus. */
  name: string;
  /** Who declares it. */
  plugin: string | null;
  state: "missing" | "differs" | "fine" | "not declared";
  /** What differs. */
  differences: readonly TopicChange[];
  /** As it is; `null` where it is missing. */
  partitions: number | null;
  replication: number | null;
  /** Records that are kept, and ever written. On Kafka the former counts the marks of transactions too. */
  kept: number | null;
  ever: number | null;
  /** Size of what is kept, where the bus tells. */
  bytes: number | null;
  settings: Readonly<Record<string, string>>;
}

/** `capstan topics list` */
export const topicsList: CliCommand = {
  path: "topics list",
  doc: "List the topics declared and how they are",
  more: aboutTopics,
  options: [
    { flags: "-a, --all", doc: "topics that no plugin declares, too" },
    localFlag,
    { flags: "-j, --json", doc: "as JSON" },
  ],
  settings: busSettings,
  examples: [
    "capstan topics list",
    "capstan topics list --all --json | jq '.topics[] | select(.state != \"fine\")'",
  ],
  async run(call) {
    const { options, io } = call;
    const { openTopics } = await import("./open_topics.ts");
    await using open = await openTopics(call, { local: options.local === true, write: false });
    const topics = await listTopics(open, { all: options.all === true });
    const { bus, where } = open;
    await io.stdout.write(
      options.json === true
        ? `${JSON.stringify({ bus, where, topics }, null, 2)}\n`
        : `${where}\n\n${listText(topics, styleFor(io.stdout))}`,
    );
  },
};

/** Topics declared, in the order of their declaration, then the others by name. */
async function listTopics(
  { admin, wanted }: Pick<OpenTopics, "admin" | "wanted">,
  { all }: { all: boolean },
): Promise<ListedTopic[]> {
  const specs = wanted.map(({ spec }) => spec);
  const [described, changes] = await Promise.all([
    admin.describe(all ? undefined : specs.map(({ name }) => name)),
    admin.plan(specs),
  ]);
  const there = new Map(described.map((topic) => [topic.name, topic]));
  const declared = new Set(specs.map(({ name }) => name));
  const others = described.filter(({ name }) => !declared.has(name)).sort((a, b) => a.name < b.name ? -1 : 1);
  return [
    ...wanted.map((topic) => declaredTopic(topic, there.get(topic.spec.name), changes)),
    ...others.map((topic) => ({
      ...figuresOf(topic),
      topic: null,
      name: topic.name,
      plugin: null,
      state: "not declared" as const,
      differences: [],
    })),
  ];
}

function declaredTopic(
  { logical, plugin, spec }: WantedTopic,
  topic: TopicDescription | undefined,
  changes: readonly TopicChange[],
): ListedTopic {
  const differences = changes.filter((change) => change.topic === spec.name);
  const state = topic === undefined ? "missing" : differences.length > 0 ? "differs" : "fine";
  return { topic: logical, name: spec.name, plugin, state, differences, ...figuresOf(topic) };
}

function figuresOf(topic: TopicDescription | undefined) {
  if (topic === undefined) {
    return { partitions: null, replication: null, kept: null, ever: null, bytes: null, settings: {} };
  }
  const { partitions, replication, settings, bytes = null } = topic;
  const ever = partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
  const gone = partitions.reduce((sum, { startOffset }) => sum + startOffset, 0);
  return { partitions: partitions.length, replication, kept: ever - gone, ever, bytes, settings };
}

function listText(topics: readonly ListedTopic[], style: Style): string {
  if (topics.length === 0) return "no plugin declares a topic\n";
  const renamed = topics.some(({ topic, name }) => topic !== null && topic !== name);
  const sized = topics.some((topic) => topic.bytes !== null);
  const rows = topics.map((topic) => [
    topic.name,
    ...renamed ? [topic.topic === topic.name ? "" : topic.topic ?? ""] : [],
    number(topic.partitions),
    number(topic.replication),
    retention(topic.settings["retention.ms"]),
    number(topic.kept),
    number(topic.ever),
    ...sized ? [topic.bytes === null ? "" : bytes(topic.bytes)] : [],
    stateText(topic, style),
  ]);
  const head = ["topic", ...renamed ? ["in code"] : [], "partitions", "copies", "retention", "kept", "ever"];
  return table([[...head, ...sized ? ["size"] : [], "state"], ...rows], { columns: style.columns });
}

function stateText({ state, differences }: ListedTopic, style: Style): string {
  if (state === "fine") return style.green(state);
  if (state === "not declared") return style.dim(state);
  if (state === "missing") return style.red(state);
  return `${style.yellow("differs")}: ${printable(differences.map(({ what }) => what).join(", "))}`;
}

function number(value: number | null): string {
  return value === null ? "" : count(value);
}

/** `7 days` of `604800000 (7 days)`. */
function retention(ms: string | undefined): string {
  if (ms === undefined) return "";
  return /\((.*)\)$/.exec(settingText("retention.ms", ms))?.[1] ?? `${ms} ms`;
}
