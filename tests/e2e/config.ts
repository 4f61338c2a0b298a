/** What a test's agent is configured with. */
export interface ConfigOptions {
  /** Origin of the stand-in provider. */
  upstream: string;
  provider?: "openai" | "anthropic" | "ollama";
  /** Default: `e2e`. */
  project?: string;
  /** Further keys of `[plugins.tapes]`, as TOML. */
  tapes?: string;
  /** Further tables, as TOML. */
  tables?: string;
  /** How long a stop may take: `30s`. Default: far above what it takes on a busy machine. */
  drainTimeout?: string;
}

/** Writes a config.toml whose listeners take free ports of loopback. */
export async function writeConfig(dir: string, options: ConfigOptions): Promise<void> {
  await Deno.writeTextFile(
    `${dir}/config.toml`,
    `[admin]
listen = "127.0.0.1:0"

[agent]
drain_timeout = "${options.drainTimeout ?? "5m"}"

[plugins.tapes]
listen = "127.0.0.1:0"
provider = "${options.provider ?? "openai"}"
upstream = "${options.upstream}"
project = "${options.project ?? "e2e"}"
${options.tapes ?? ""}

${options.tables ?? ""}
`,
  );
}
