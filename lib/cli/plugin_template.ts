/** A file of a new plugin, by its name. */
export type TemplateFiles = Readonly<Record<"mod.ts" | "mod_test.ts" | "README.md", string>>;

/** How the plugin is reached from the configuration. */
export interface TemplateOptions {
  /** `[a-z][a-z0-9_]*`. */
  name: string;
  /** `module` as config.toml is to have it. */
  module: string;
  /** The plugin's folder as it is typed. */
  typed: string;
}

/** The files of a new plugin: tokens of turns by model, with a setting, a table, a stream and a command. */
export function pluginTemplate({ name, module, typed }: TemplateOptions): TemplateFiles {
  const fill = (text: string) =>
    text.replaceAll("$NAME", name).replaceAll("$MODULE", module).replaceAll("$TYPED", typed);
  return { "mod.ts": fill(MODULE), "mod_test.ts": fill(TEST), "README.md": fill(README) };
}

const MODULE = `import type { Plugin } from "capstan";

/** What this plugin reads of a turn: an event of tapes.turns.v1. */
interface Turn {
  id: string;
  model?: string;
  usage?: { total_tokens?: number };
}

const settings = {
  min_tokens: {
    type: "integer",
    default: 0,
    min: 0,
    doc: "Turns with fewer tokens are left out.",
  },
} as const;

export default {
  name: "$NAME",
  doc: "Counts turns and tokens by model.",
  config: settings,
  setup(ctx, config) {
    ctx.store([{
      version: 1,
      name: "turns",
      up(tx) {
        tx.run(
          \`CREATE TABLE $NAME_turns
            (id TEXT PRIMARY KEY, model TEXT NOT NULL, tokens INTEGER NOT NULL)\`,
        );
      },
    }]);

    // Rows and the place in the topic are committed together: each turn counts once.
    ctx.stream<Turn>({ topics: ["tapes.turns.v1"] }, (batch) => {
      const turns = batch.records.map(({ data }) => ({
        id: data.id,
        model: data.model ?? "unknown",
        tokens: data.usage?.total_tokens ?? 0,
      })).filter(({ tokens }) => tokens >= config.min_tokens);
      return {
        write(tx) {
          for (const { id, model, tokens } of turns) {
            tx.run(
              "INSERT OR REPLACE INTO $NAME_turns VALUES (?, ?, ?)",
              id,
              model,
              tokens,
            );
          }
        },
      };
    });

    ctx.command({
      path: "$NAME",
      doc: "Prints turns and tokens by model.",
      async run({ store, stdout }) {
        const rows = store.read((db) =>
          db.all<{ model: string; turns: number; tokens: number }>(
            \`SELECT model, count(*) AS turns, sum(tokens) AS tokens
              FROM $NAME_turns GROUP BY model ORDER BY tokens DESC\`,
          )
        );
        for (const { model, turns, tokens } of rows) {
          const counted = turns === 1 ? "1 turn" : \`\${turns} turns\`;
          await stdout.write(\`\${model}: \${tokens} tokens in \${counted}\\n\`);
        }
      },
    });
  },
} satisfies Plugin<typeof settings>;
`;

const TEST = `import { deepEqual } from "node:assert/strict";
import { openTestAgent, testPlugin } from "capstan/testing";
import plugin from "./mod.ts";

const turns = [
  { value: { id: "1", model: "small", usage: { total_tokens: 5 } } },
  { value: { id: "2", model: "large", usage: { total_tokens: 70 } } },
  { value: { id: "3", model: "large", usage: { total_tokens: 30 } } },
];

// What holds of every plugin.
testPlugin(plugin, { records: { "tapes.turns.v1": turns } });

Deno.test("$NAME counts turns and tokens by model", async () => {
  await using agent = await openTestAgent(plugin);
  await agent.deliver("tapes.turns.v1", turns);
  const { stdout } = await agent.command("$NAME");
  deepEqual(stdout.split("\\n"), [
    "large: 100 tokens in 2 turns",
    "small: 5 tokens in 1 turn",
    "",
  ]);
});

Deno.test("$NAME leaves out turns with fewer tokens than min_tokens", async () => {
  const config = { min_tokens: 70 };
  await using agent = await openTestAgent(plugin, { config });
  await agent.deliver("tapes.turns.v1", turns);
  const { stdout } = await agent.command("$NAME");
  deepEqual(stdout, "large: 70 tokens in 1 turn\\n");
});

Deno.test("$NAME counts a turn once, though the agent dies over it", async () => {
  await using agent = await openTestAgent(plugin);
  agent.faults.killHandler();
  await agent.deliver("tapes.turns.v1", turns);
  deepEqual(agent.faults.kills, 1);
  const table = "$NAME_turns";
  const rows = agent.store.read((db) => db.all(\`SELECT id FROM \${table}\`));
  deepEqual(rows.length, 3);
});
`;

const README = `# $NAME

Counts turns and tokens by model, of all that the agent records.

- \`mod.ts\` is the plugin, \`mod_test.ts\` its tests.
- \`deno.json\` tells editors where "capstan" is: in \`capstan.d.ts\` and
  \`capstan_testing.d.ts\`. \`capstan plugins types\` writes them anew.

## Test

\`\`\`sh
capstan plugins check $TYPED
capstan plugins test $TYPED
\`\`\`

## Configure

In config.toml, with its settings:

\`\`\`toml
[plugins.$NAME]
module = "$MODULE"
min_tokens = 0
\`\`\`

## Run

\`\`\`sh
capstan plugins trust $TYPED
capstan run
\`\`\`

A configuration in the working directory loads a module once it was trusted as
it is, so \`trust\` comes after each change. One that is told by \`--config-dir\`
needs none.

After the first turns:

\`\`\`sh
capstan $NAME
\`\`\`
`;
