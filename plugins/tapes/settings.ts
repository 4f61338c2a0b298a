import type { SettingsOf, SettingsSchema } from "capstan";

/** A number from 0 to 65535. */
const PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})";

/** Address of a listener: `host:port`, `:port`, `[v6]:port`. */
const ADDRESS = {
  pattern: `(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]\\s/]*):${PORT}`,
  form: 'an address as "127.0.0.1:8080", "[::1]:8080" or ":8080" (all interfaces)',
} as const;

/** Origin of an upstream, with a base path where it has one; names and passwords in it are refused. */
const ORIGIN = {
  pattern: "https?://[^/?#@]+(/[^?#]*)?",
  form: 'an origin as "https://api.openai.com", with a base path where it has one',
} as const;

/** Settings of the tapes plugin: `[plugins.tapes]`, with tapes' own keys as aliases. */
export const settings = {
  provider: {
    type: "string",
    oneOf: ["openai", "anthropic", "ollama"],
    default: "ollama",
    doc: "API the upstream speaks, and the name under which its calls are recorded.",
    alias: "proxy.provider",
    flag: "provider",
  },
  upstream: {
    type: "string",
    ...ORIGIN,
    doc: "Origin calls are forwarded to, with a base path where it has one. Default: the provider's own " +
      "(https://api.openai.com, https://api.anthropic.com, http://localhost:11434).",
    alias: "proxy.upstream",
    flag: "upstream",
    short: "u",
  },
  listen: {
    type: "string",
    ...ADDRESS,
    default: "127.0.0.1:8080",
    doc: "Address of the proxy: host:port, or :port for all interfaces.",
    alias: "proxy.listen",
    flag: "listen",
    short: "l",
  },
  project: {
    type: "string",
    doc:
      "Project written to each turn. Default: the name of the git top level, else of the working directory.",
    alias: "proxy.project",
    flag: "project",
  },
  providers: {
    type: "tables",
    doc: "Further providers, reached as /agents/AGENT/providers/NAME/… or on a listener of their own.",
    fields: {
      type: {
        type: "string",
        oneOf: ["openai", "anthropic", "ollama", "echo"],
        default: "openai",
        doc: "API the provider speaks; echo is a stand-in inside the agent that calls no model.",
      },
      upstream: {
        type: "string",
        ...ORIGIN,
        doc: "Origin and base path. Default: the type's own.",
      },
      listen: { type: "string", ...ADDRESS, doc: "Address of a listener for this provider alone." },
      upstream_ca_file: {
        type: "string",
        path: true,
        doc:
          "PEM file of further certificate authorities for this upstream. Default: the plugin's own setting.",
      },
    },
  },
  upstream_ca_file: {
    type: "string",
    path: true,
    doc: "PEM file of certificate authorities trusted for upstreams, beside the system's.",
  },
  upstream_timeout: {
    type: "duration",
    default: "10m",
    doc:
      "Longest wait for an upstream's response headers, and between two parts of its body; 0s waits for ever.",
  },
  durability: {
    type: "string",
    oneOf: ["before-response", "async"],
    default: "before-response",
    doc: "before-response holds an answer's end back until the call is on disk; async holds nothing.",
  },
  on_storage_failure: {
    type: "string",
    oneOf: ["forward", "block"],
    default: "forward",
    doc:
      "When a call can't be stored: forward delivers the answer and stores the call later from memory; block " +
      "withholds the answer and refuses new calls.",
  },
  commit_timeout: {
    type: "duration",
    default: "2s",
    min: "10ms",
    doc: "Longest an answer's end waits for the disk before on_storage_failure applies.",
  },
  retry_memory: {
    type: "bytes",
    default: "64MiB",
    doc: "Memory for calls that wait for the store to recover; what exceeds it is given up and counted.",
  },
  capture_limit: {
    type: "bytes",
    default: "64MiB",
    doc: "Largest call (request and answer together) that is recorded with its content.",
  },
  capture_memory: {
    type: "bytes",
    default: "256MiB",
    doc:
      "Memory for the content of all calls under way; what exceeds it is forwarded and entered without content.",
  },
  trusted_proxies: {
    type: "list",
    doc:
      "Addresses or networks (10.0.0.0/8) besides loopback whose X-Capstan-Tenant, -User and -Session count.",
  },
  keep_calls: {
    type: "duration",
    default: "0s",
    doc: "How long raw calls are kept after they were derived, for `derive --again`.",
  },
} as const satisfies SettingsSchema;

/** What `setup` is given. */
export type Settings = SettingsOf<typeof settings>;
