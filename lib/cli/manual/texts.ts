/** Terms and what they mean, in their order. */
type Terms = readonly (readonly [string, string])[];

/** What the program is. */
export const INTRODUCTION =
  `capstan sits between AI agents and their models and records every call into one SQLite file. It turns the record into
a tree of messages, a ledger of turns and streams of events. The streams live in a log inside that file; with \`[kafka]\`
configured they go to Apache Kafka.

\`capstan run\` starts the agent; the other commands work beside it or without it. \`capstan help COMMAND\` says the same
as this page, a command at a time.`;

/** Variables that are no settings. */
export const ENVIRONMENT: Terms = [
  ["CAPSTAN_CONFIG_DIR", "The folder of config.toml and the data, as `--config-dir`."],
  [
    "CAPSTAN_...",
    "Every setting: its key in capitals, with _ for each point, as `CAPSTAN_LOGGING_LEVEL`. A flag wins over the " +
    "environment, the environment over config.toml.",
  ],
  ["KAFKA_..., TAPES_...", "Names that other programs have for settings; SETTINGS says which."],
  [
    "CAPSTAN_CACHE",
    "Where a self-extracting executable unpacks itself. Default: capstan in `XDG_CACHE_HOME`, ~/.cache/capstan, or a " +
    "folder of your own below the temporary one.",
  ],
  ["HOME, USERPROFILE", "Your home, in which .capstan is the last place to look for a configuration."],
  [
    "XDG_STATE_HOME",
    "Where it is recorded what you trust; default ~/.local/state. On Windows `LOCALAPPDATA`.",
  ],
  ["NO_COLOR", "Not empty: no colours."],
];

/** Files and folders. */
export const FILES: Terms = [
  [
    ".capstan/config.toml",
    "The configuration, in the working directory or above; it counts once it is trusted (`capstan trust`). .tapes is " +
    "looked for too.",
  ],
  ["~/.capstan/config.toml", "The configuration where none of these is there."],
  [
    "capstan.sqlite",
    "The data, beside config.toml unless `store.sqlite` says otherwise; with -wal and -shm while it is open.",
  ],
  ["agent-PID.json", "Beside the data: where a running agent's admin listener is."],
  ["~/.local/state/capstan/trusted", "What you trust: folders of configurations, and modules of plugins."],
];

/** What the program ends with. */
export const EXIT_STATUS: Terms = [
  ["0", "It went well."],
  ["1", "It failed, or part of it did; what failed is on standard error."],
  ["2", "The command line is wrong."],
  ["78", "The configuration is wrong or not trusted."],
  [
    "129, 130, 143",
    "A command was ended by SIGHUP, Ctrl-C or SIGTERM. An agent that they stop ends with 0 or 1.",
  ],
];

/** What one does with it. */
export const EXAMPLES: readonly (readonly [string, readonly string[]])[] = [
  ["Record the calls of a client of OpenAI's:", [
    "capstan run --provider openai",
    "OPENAI_BASE_URL=http://127.0.0.1:8080/v1 your-program",
  ]],
  ["See what was said, and follow the events:", [
    "capstan log",
    "capstan show 0198f3c2-7a10-7",
    "capstan tail tapes.turns.v1",
  ]],
  ["The same on Apache Kafka:", [
    "export KAFKA_BOOTSTRAP_SERVERS=kafka-1:9092,kafka-2:9092",
    "capstan topics plan",
    "capstan run",
    "capstan outbox status",
  ]],
];
