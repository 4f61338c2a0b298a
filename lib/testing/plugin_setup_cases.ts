import assert from "node:assert/strict";
import { ConfigError } from "../config/problem.ts";
import type { Setting } from "../config/schema.ts";
import { pluginProblems } from "../plugin/plugin_problems.ts";
import { catchIo, earlyCalls } from "./io_traps.ts";
import type { PluginBench, PluginCase } from "./plugin_case.ts";
import { observedPlugin, PluginObserver } from "./plugin_observer.ts";

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;
const METRIC_NAME = /^[a-z_][a-z0-9_]*$/;
/** What no setting takes. */
const ALIEN = { not: { a: { value: true } } };

/** What holds of `setup`, and of what it registers. */
export const SETUP_CASES: readonly PluginCase[] = [
  {
    name: "its default export is a plugin, and its settings' schema is sound",
    run: ({ subject: { plugin } }) => assert.deepEqual(pluginProblems(plugin), []),
  },
  {
    name: "setup() throws nothing on its settings, and registers the same each time",
    run: (bench) => assert.deepEqual(bench.describe(), bench.describe()),
  },
  {
    name: "setup() does no I/O, begins nothing and uses nothing that is open from start on alone",
    run(bench) {
      const early = new Set<string>();
      const plugin = earlyCalls(bench.subject.plugin, early);
      // What loading the settings reads is not the plugin's.
      let caught: ReadonlySet<string> = new Set();
      const watched = {
        ...plugin,
        setup: (...given: Parameters<typeof plugin.setup>) => {
          using io = catchIo();
          caught = io.caught;
          return plugin.setup(...given);
        },
      };
      bench.describe(bench.subject.config, watched);
      refuse([...early, ...caught], (called) => `setup() calls ${called}: do it in start()`);
    },
  },
  {
    name: "a setting it does not have, and a value of another kind, are refused by their names",
    run(bench) {
      const { plugin } = bench.subject;
      assert.throws(
        () => bench.describe({ no_such_setting: true }),
        (error) => error instanceof ConfigError && error.message.includes("no_such_setting"),
        "it takes a setting it does not have: no_such_setting",
      );
      for (const name of Object.keys(plugin.config ?? {})) {
        assert.throws(
          () => bench.describe({ [name]: ALIEN }),
          (error) => error instanceof ConfigError && error.message.includes(name),
          `its setting ${name} takes ${JSON.stringify(ALIEN)}`,
        );
      }
    },
  },
  {
    name: "setup() takes what its schema takes: each bound, each choice, yes and no",
    run(bench) {
      const { plugin, config } = bench.subject;
      const base = typeof config === "string" ? {} : config;
      for (const [name, setting] of Object.entries(plugin.config ?? {})) {
        for (const value of edges(setting)) {
          assert.doesNotThrow(
            () => bench.describe({ ...base, [name]: value }),
            `setup() refuses ${name} = ${
              JSON.stringify(value)
            }, which its schema takes: say so in the schema`,
          );
        }
      }
    },
  },
  {
    name: "its topics can be made on Kafka",
    run(bench) {
      refuse(
        bench.describe().topics.filter((topic) => !TOPIC_NAME.test(topic) || topic === "." || topic === ".."),
        (topic) => `topic ${JSON.stringify(topic)} has a name that Kafka refuses: use [a-zA-Z0-9._-]`,
      );
    },
  },
  {
    name: "its metrics have names as Prometheus has them, and say what they count",
    run(bench) {
      refuse(
        seen(bench).metrics.flatMap(({ kind, name, help, labels = [] }) => {
          const problems: string[] = [];
          if (!METRIC_NAME.test(name)) problems.push(`metric ${name}: a name is [a-z_][a-z0-9_]*`);
          if (kind === "counter" && !name.endsWith("_total")) {
            problems.push(`counter ${name}: its name must end in _total`);
          }
          if (help.trim() === "") problems.push(`metric ${name}: its help is empty; say what it counts`);
          for (const label of labels.filter((each) => !METRIC_NAME.test(each))) {
            problems.push(`metric ${name}: label ${label} is not [a-z_][a-z0-9_]*`);
          }
          return problems;
        }),
      );
    },
  },
  {
    name: "its commands say what they do, with each of their arguments and options",
    run(bench) {
      refuse(
        seen(bench).commands.flatMap(({ path, doc, args = [], options = [] }) => [
          ...doc.trim() === "" ? [`command "${path}" has no doc`] : [],
          ...args.filter((each) => each.doc.trim() === "").map(({ name }) =>
            `${name} of "${path}" has no doc`
          ),
          ...options.filter((each) => each.doc.trim() === "").map(({ flags }) =>
            `${flags} of "${path}" has no doc`
          ),
        ]),
      );
    },
  },
];

/** What setup registers, seen. */
function seen(bench: PluginBench): PluginObserver {
  const observer = new PluginObserver();
  bench.describe(bench.subject.config, observedPlugin(bench.subject.plugin, observer));
  return observer;
}

/** Fails with a sentence for each fault there is. */
export function refuse<T>(faults: readonly T[], sentence: (fault: T) => string = String): void {
  if (faults.length > 0) assert.fail(faults.map(sentence).join("\n"));
}

/** Values at the edge of what a setting takes; as TOML has them. */
function edges(setting: Setting): unknown[] {
  switch (setting.type) {
    case "boolean":
      return [true, false];
    case "string":
      return [...setting.oneOf ?? []];
    case "integer":
    case "number":
    case "duration":
    case "bytes":
      return [setting.min, setting.max].filter((value) => value !== undefined);
    default:
      return [];
  }
}
