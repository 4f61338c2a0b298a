import assert from "node:assert/strict";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { type Agent, startAgent } from "../agent.ts";
import { capstan } from "../capstan.ts";
import { tempDir } from "../temp_dir.ts";
import { CALLS, type ScriptedCall } from "./calls.ts";
import { byTopic, type Contents, contentsOf, counts } from "./contents.ts";
import { CLOCK_VARIABLE, DRIVEN_MAIN, moveClocks } from "./driven_clock_of.ts";
import { isProbe, PAST, probeEvents, type ScriptedEvents, scriptedEvents } from "./events.ts";
import { hourConfig, kafkaTables } from "./hour_config.ts";
import { goldenCounts, WRITES } from "./golden_hour.ts";
import { CALL_HEADER, startScriptedUpstream } from "./upstream.ts";
import type { BusDriver } from "../../../lib/bus/contract.ts";

/** The scripted hour, with the agents that record it. */
export interface Hour extends AsyncDisposable {
  /** When the hour of other services' events begins, and an hour before the calls; milliseconds since 1970. */
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
  /** Moves the agents' clocks on by more than what windows wait for events. */
  leap(): Promise<void>;
  /**
   * Has the clock open and resolve an insight about other events, and gives what the topics hold beside them: whatever
   * else the clock would tell is there, too.
   */
  probe(): Promise<Contents>;
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

const MINUTE = 60_000, HOUR = 60 * MINUTE;
/** Minutes after the base: of the first call, between two calls, and between two moments after the last one. */
const FIRST_CALL = 60, STEP = 2, LEAP = 50;
/** How often the clock leaps at most: once to see that nothing comes, and some times more for what was slow to. */
const LEAPS = 6;
/** Milliseconds in which what the clock tells at a leap is usually there. */
const LEAP_WAIT_MS = 500;

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
        hourConfig({
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
    const baseMs = Math.floor(Date.now() / HOUR) * HOUR - 12 * HOUR;
    let minute = FIRST_CALL;
    const moveTo = async (to: number) => {
      minute = to;
      await moveClocks(agents, baseMs + minute * MINUTE);
    };
    const clockNow = () => ({ [CLOCK_VARIABLE]: String(baseMs + minute * MINUTE) });
    const start = (dir: string) => startAgent({ dir, main: DRIVEN_MAIN, env: clockNow() });
    const file = `${dirs[0]}/capstan.sqlite`;
    const within = async (ms: number, holds: (contents: Contents) => boolean) => {
      for (const end = performance.now() + ms;;) {
        const now = await hour.contents();
        if (holds(now)) return now;
        if (performance.now() > end) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const hour: Omit<Hour, typeof Symbol.asyncDispose> = {
      baseMs,
      prefix,
      file,
      dirs,
      said: () => said + agents.map((agent) => agent.said()).join(""),
      async start() {
        agents = await Promise.all(dirs.map(start));
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
        agents = [await start(dirs[0]!), ...others];
      },
      async killAndStart() {
        const [first, ...others] = agents;
        assert.ok(first);
        await first.kill();
        said += first.said();
        agents = [await start(dirs[0]!), ...others];
      },
      async play(between) {
        const events = scriptedEvents(baseMs);
        const send = async (due: readonly ScriptedEvents[]) => {
          for (const each of due) {
            await sendEvents(each, { agent: agents.at(-1)!, dir: dirs.at(-1)!, env: clockNow() });
          }
        };
        const past = events.filter(({ before }) => before === undefined);
        await send(past);
        // Rules go by the time of events: what is of an earlier time comes first.
        const before = await hour.until((now) =>
          counts(now)["agent-metrics-events"]! >= PAST.figures &&
          counts(now)["agent-trace-events"]! >= PAST.calls
        );
        const [figures, spans] = [before["agent-metrics-events"].length, before["agent-trace-events"].length];
        for (const [at, call] of CALLS.entries()) {
          if (between?.before === call.name) await between.act();
          await moveTo(FIRST_CALL + at * STEP - 1);
          await send(events.filter(({ before }) => before === call.name));
          await moveTo(FIRST_CALL + at * STEP);
          const place = ["orders", "tickets", "planning", "nights"].indexOf(call.conversation) %
            agents.length;
          await makeCall(call, agents[place]!);
          const results = CALLS.slice(0, at + 1).reduce((sum, { results = 0 }) => sum + results, 0);
          // So with those of several conversations.
          await hour.until((now) =>
            counts(now)["agent-metrics-events"]! > figures + at &&
            counts(now)["agent-trace-events"]! > spans + at + results
          );
        }
      },
      leap: () => moveTo(minute + LEAP),
      async probe() {
        const agent = agents.at(-1)!;
        await sendEvents(probeEvents(baseMs + minute * MINUTE), {
          agent,
          dir: dirs.at(-1)!,
          env: clockNow(),
        });
        const isOver = (now: Contents) =>
          now["ai-insights"].some((event) => isProbe(event) && event.event_type === "insight.resolved");
        for (let leap = 0; leap < LEAPS; leap++) {
          await hour.leap();
          if (await within(LEAP_WAIT_MS, isOver)) break;
        }
        const contents = await hour.until(isOver);
        return byTopic((topic) => contents[topic].filter((event) => !isProbe(event)));
      },
      async contents() {
        if (kafka !== undefined) return await contentsOf(kafka.bus, prefix);
        await using store = await openStore({ file, readOnly: true });
        await using bus = await openLocalLog(store);
        return await contentsOf(bus, prefix);
      },
      async until(holds) {
        const found = await within(60_000, holds);
        if (found) return found;
        throw new Error(
          `Cannot go on: there are only ${JSON.stringify(counts(await hour.contents()))}\n${hour.said()}`,
        );
      },
      async finish() {
        await settled();
        const golden = Object.entries(goldenCounts());
        const has = (topics: typeof golden) => (now: Contents) =>
          topics.every(([topic, wanted]) => counts(now)[topic]! >= wanted);
        await hour.until(has(golden.filter(([topic]) => topic !== "ai-insights")));
        for (let leap = 0; leap < LEAPS && (WRITES || !has(golden)(await hour.contents())); leap++) {
          await hour.leap();
          await within(LEAP_WAIT_MS, WRITES ? () => false : has(golden));
        }
        return WRITES ? await hour.contents() : await hour.until(has(golden));
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
  { agent, dir, env }: { agent: Agent; dir: string; env: Record<string, string> },
): Promise<void> {
  if (path === undefined) {
    const args = ["feedback", ...body as string[], "--tenant", tenant, "--config-dir", dir];
    const { code, error } = await capstan({ args, main: DRIVEN_MAIN, env });
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
