import assert from "node:assert/strict";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { type Agent, startAgent } from "../agent.ts";
import { capstan } from "../capstan.ts";
import { tempDir } from "../temp_dir.ts";
import { CALLS, type ScriptedCall } from "./calls.ts";
import { type Contents, contentsOf, counts } from "./contents.ts";
import { type ScriptedEvents, scriptedEvents } from "./events.ts";
import { goldenCounts, WRITES } from "./golden_hour.ts";
import { CALL_HEADER, startScriptedUpstream } from "./upstream.ts";
import type { BusDriver } from "../../../lib/bus/contract.ts";

/** The scripted hour, with the agents that record it. */
export interface Hour extends AsyncDisposable {
  /** When the hour of other services' events begins, in milliseconds since 1970. */
  readonly baseMs: number;
  /** Of the names of the nine topics. */
  readonly prefix: string;
  /** The first agent's file. */
  readonly file: string;
  /** Folders of the agents, for `--config-dir`. */
  readonly dirs: readonly string[];
  /** Everything the agents have said. */
  said(): string;
  /** Makes the calls and sends the events; `act` is called before the call of that name. */
  play(between?: { before: string; act(): Promise<void> }): Promise<void>;
  /** Waits until the topics hold what the golden files do, and gives what they hold. */
  finish(): Promise<Contents>;
  /** Waits until what the topics hold is as asked. */
  until(holds: (contents: Contents) => boolean): Promise<Contents>;
  contents(): Promise<Contents>;
  start(): Promise<void>;
  /** Stops the agents; resolves with the highest of their exit codes. */
  stop(): Promise<number>;
  /** Stops the first agent, does something meanwhile, and starts it again. */
  without(first: () => Promise<void>): Promise<void>;
  /** Ends the first agent as a power cut would, and starts it again. */
  killAndStart(): Promise<void>;
}

/** Where the hour is played. */
export interface HourOptions {
  /** Kafka; without it the log in the agent's file. */
  kafka?: { bus: BusDriver; bootstrap: string };
  /** Agents with files of their own. Default 1. */
  agents?: number;
}

const HOUR = 60 * 60_000;

const configOf = ({ upstream, prefix, tables }: { upstream: string; prefix: string; tables: string }) => `
[admin]
listen = "127.0.0.1:0"
[agent]
drain_timeout = "5m"
[plugins.tapes]
listen = "127.0.0.1:0"
project = "shop"
[plugins.tapes.providers.openai]
type = "openai"
upstream = "${upstream}"
[plugins.tapes.providers.anthropic]
type = "anthropic"
upstream = "${upstream}"
[plugins.insights]
enabled = true
topic_prefix = "${prefix}"
[plugins.insights.prices."claude-*"]
input = 3
output = 15
cache_read = 0.3
cache_write = 3.75
[plugins.insights.prices."gpt-4o-mini*"]
input = 0.15
output = 0.6
[plugins.insights.api.listeners.public]
listen = "127.0.0.1:0"
${
  ["acme", "globex", "desk"].map((tenant) =>
    `[plugins.insights.api.keys.${tenant}]\nkey = "key-of-${tenant}"\ntenant = "${tenant}"`
  ).join("\n")
}
${tables}
`;

/** Starts the agents of an hour. */
export async function openHour({ kafka, agents: count = 1 }: HourOptions = {}): Promise<Hour> {
  const stack = new AsyncDisposableStack();
  try {
    const answers = new Map(CALLS.map(({ name, answer }) => [name, answer]));
    const upstream = stack.use(await startScriptedUpstream(answers));
    const id = crypto.randomUUID().slice(0, 8);
    const prefix = kafka === undefined ? "" : `${id}-`;
    const dirs: string[] = [];
    for (let at = 0; at < count; at++) dirs.push(stack.use(await tempDir()).path);
    for (const dir of dirs) {
      await Deno.writeTextFile(
        `${dir}/config.toml`,
        configOf({
          upstream: upstream.origin,
          prefix,
          tables: kafka === undefined ? "" : kafkaTables(kafka.bootstrap, id),
        }),
      );
    }
    let agents: Agent[] = [];
    let said = "";
    stack.defer(async () => {
      for (const agent of agents) await agent.kill();
    });
    const baseMs = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
    const file = `${dirs[0]}/capstan.sqlite`;
    const hour: Omit<Hour, typeof Symbol.asyncDispose> = {
      baseMs,
      prefix,
      file,
      dirs,
      said: () => said + agents.map((agent) => agent.said()).join(""),
      async start() {
        agents = await Promise.all(dirs.map((dir) => startAgent({ dir })));
      },
      async stop() {
        const codes = await Promise.all(agents.map((agent) => agent.stop()));
        return Math.max(...codes);
      },
      async without(act) {
        const [first, ...others] = agents;
        assert.ok(first);
        assert.equal(await first.stop(), 0, first.said());
        said += first.said();
        agents = others;
        await act();
        agents = [await startAgent({ dir: dirs[0]! }), ...others];
      },
      async killAndStart() {
        const [first, ...others] = agents;
        assert.ok(first);
        await first.kill();
        said += first.said();
        agents = [await startAgent({ dir: dirs[0]! }), ...others];
      },
      async play(between) {
        const events = scriptedEvents(baseMs);
        const send = async (due: readonly ScriptedEvents[]) => {
          for (const each of due) await sendEvents(each, { agent: agents.at(-1)!, dir: dirs.at(-1)! });
        };
        await send(events.filter(({ before }) => before === undefined));
        // Rules go by the time of events: those of the past hour come before those of now.
        await settled();
        await hour.until((now) => counts(now)["ai-insights"]! >= goldenCounts()["ai-insights"]!);
        for (const call of CALLS) {
          if (between?.before === call.name) await between.act();
          await send(events.filter(({ before }) => before === call.name));
          const place = ["orders", "tickets", "planning"].indexOf(call.conversation) % agents.length;
          await makeCall(call, agents[place]!);
        }
      },
      async contents() {
        if (kafka !== undefined) return await contentsOf(kafka.bus, prefix);
        await using store = await openStore({ file, readOnly: true });
        await using bus = await openLocalLog(store);
        return await contentsOf(bus, prefix);
      },
      async until(holds) {
        for (const end = performance.now() + 180_000;;) {
          const now = await hour.contents();
          if (holds(now)) return now;
          if (performance.now() > end) {
            throw new Error(`Cannot go on: there are only ${JSON.stringify(counts(now))}\n${hour.said()}`);
          }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
      async finish() {
        await settled();
        return await hour.until((now) =>
          Object.entries(goldenCounts()).every(([topic, wanted]) => counts(now)[topic]! >= wanted)
        );
      },
    };
    await hour.start();
    const own = stack.move();
    return { ...hour, [Symbol.asyncDispose]: () => own.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Golden files that are yet to be written don't say what to wait for. */
async function settled(): Promise<void> {
  if (WRITES) await new Promise((resolve) => setTimeout(resolve, 4_000));
}

function kafkaTables(bootstrap: string, id: string): string {
  return `
[kafka]
bootstrap_servers = ["${bootstrap}"]
[topics."tapes.turns.v1"]
name = "turns-${id}"
[topics."tapes.nodes.v1"]
name = "nodes-${id}"
`;
}

async function makeCall({ name, path, headers, body, answer }: ScriptedCall, agent: Agent): Promise<void> {
  const response = await fetch(agent.proxy + path, {
    method: "POST",
    headers: { "content-type": "application/json", [CALL_HEADER]: name, ...headers },
    body: JSON.stringify(body),
  });
  const said = await response.text().catch(() => "cut");
  assert.equal(response.status, answer.status, `${name}: ${said}`);
  assert.equal(said === "cut", answer.cut === true, `${name}: ${said}`);
}

async function sendEvents(
  { path, tenant, body, lines }: ScriptedEvents,
  { agent, dir }: { agent: Agent; dir: string },
): Promise<void> {
  if (path === undefined) {
    const args = ["feedback", ...body as string[], "--tenant", tenant, "--config-dir", dir];
    const { code, error } = await capstan({ args });
    return assert.equal(code, 0, error);
  }
  const api = /insights API \(public\): (http:\/\/\S+\/v1)/.exec(agent.said())?.[1];
  const response = await fetch(api + path, {
    method: "POST",
    headers: {
      "content-type": lines ? "application/x-ndjson" : "application/json",
      authorization: `Bearer key-of-${tenant}`,
    },
    body: lines ? (body as unknown[]).map((item) => JSON.stringify(item)).join("\n") : JSON.stringify(body),
  });
  assert.equal(response.status, 202, await response.text());
}
