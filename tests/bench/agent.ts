import { freePort } from "./process.ts";

/** How to start an agent under measurement, in a folder of its own. */
export interface AgentUnderTest {
  command: string[];
  /** Of the proxy. */
  port: number;
  adminPort: number;
  dir: string;
  /** Removes the folder, once the agent has ended. */
  remove(): Promise<void>;
}

/** Writes a configuration and says how to start `capstan run` on it. */
export async function agentCommand(
  options: { upstream: string; tapes?: string; more?: string; folder?: string },
): Promise<AgentUnderTest> {
  const dir = await Deno.makeTempDir({
    prefix: "capstan-bench-",
    ...(options.folder ? { dir: options.folder } : {}),
  });
  const port = freePort();
  const adminPort = freePort();
  await Deno.writeTextFile(
    `${dir}/config.toml`,
    [
      options.more ?? "",
      "[admin]",
      `listen = "127.0.0.1:${adminPort}"`,
      "[plugins.tapes]",
      'provider = "openai"',
      `upstream = "${options.upstream}"`,
      `listen = "127.0.0.1:${port}"`,
      options.tapes ?? "",
    ].join("\n"),
  );
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const executable = Deno.env.get("CAPSTAN_EXECUTABLE");
  return {
    command: [
      ...(executable ? [executable] : [Deno.execPath(), "run", "-A", main]),
      "run",
      "--config-dir",
      dir,
    ],
    port,
    adminPort,
    dir,
    remove: () => Deno.remove(dir, { recursive: true }),
  };
}
