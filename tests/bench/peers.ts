import { freePort } from "./process.ts";

/** A gateway of others that does part of our work, installed from its registry into `out/`. */
export type Peer = { missing: string } | {
  name: string;
  command: string[];
  port: number;
  path: string;
  share: number;
  headers: Record<string, string>;
  env: Record<string, string>;
};

const out = new URL("./out/", import.meta.url).pathname;

/** Portkey's gateway from npm. It records nothing in this setting. */
export async function portkey(upstream: string): Promise<Peer> {
  const folder = `${out}portkey`;
  const installed = await run([
    "npm",
    "install",
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--silent",
    "@portkey-ai/gateway@1.15.2",
  ]);
  if (installed) return { missing: `Portkey is left out: ${installed}` };
  const port = freePort();
  return {
    name: "Portkey gateway 1.15.2",
    command: [
      "node",
      `${folder}/node_modules/@portkey-ai/gateway/build/start-server.js`,
      `--port=${port}`,
      "--headless",
    ],
    port,
    path: "/v1/chat/completions",
    share: 0.1,
    headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": `${upstream}/v1` },
    env: {},
  };
}

/** LiteLLM's proxy from PyPI, one worker, without a database. */
export async function litellm(upstream: string): Promise<Peer> {
  const folder = `${out}litellm`;
  const missing = await run(["python3", "-m", "venv", folder]) ??
    await run([`${folder}/bin/pip`, "install", "--quiet", "litellm[proxy]==1.106.2"]);
  if (missing) return { missing: `LiteLLM is left out: ${missing}` };
  await Deno.writeTextFile(
    `${folder}/config.yaml`,
    `model_list:\n  - model_name: bench-1\n    litellm_params:\n      model: openai/bench-1\n      api_base: ${upstream}/v1\n      api_key: sk-bench\n`,
  );
  const port = freePort();
  return {
    name: "LiteLLM 1.106.2",
    command: [
      `${folder}/bin/litellm`,
      "--config",
      `${folder}/config.yaml`,
      "--port",
      `${port}`,
      "--host",
      "127.0.0.1",
      "--telemetry",
      "False",
    ],
    port,
    path: "/v1/chat/completions",
    share: 0.02,
    headers: {},
    env: {
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
      LITELLM_MASTER_KEY: "sk-bench",
      LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: "true",
    },
  };
}

async function run(command: string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(command[0]!, {
      args: command.slice(1),
      stdout: "null",
      stderr: "piped",
    }).output();
    return success ? undefined : `${command[0]} failed: ${new TextDecoder().decode(stderr).slice(0, 200)}`;
  } catch (cause) {
    return cause instanceof Deno.errors.NotFound ? `${command[0]} is not installed` : String(cause);
  }
}
