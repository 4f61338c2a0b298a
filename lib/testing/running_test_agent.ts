import type { Health } from "../telemetry/health.ts";
import type { Labels } from "../telemetry/metrics.ts";
import { createMeter } from "../telemetry/meter.ts";
import { DEAD_LETTER_HEADERS, deadLetterTopic } from "../bus/stream/dead_letters.ts";
import { createHost } from "../plugin/host.ts";
import type { AgentFaults } from "./agent_faults.ts";
import type { DrivenClock } from "./driven_clock.ts";
import type { Reading } from "./log_view.ts";
import { metricValue } from "./metric_value.ts";
import type {
  CapturedLetter,
  CapturedLine,
  CapturedRecord,
  CommandOutcome,
  TestAgent,
  TestClock,
  TestFaults,
  TestRecord,
  TestStore,
} from "./test_agent_contract.ts";
import type { RemoteBus } from "./remote_bus.ts";
import { runTestCommand } from "./test_command.ts";
import type { ReadingStream, TestLogs } from "./test_logs.ts";
import { TestRun, type TestRunOptions } from "./test_run.ts";
import { rest, turn } from "./turns.ts";

/** Real milliseconds between two looks where no commit of the agent's own thread tells. */
const LOOK_MS = 5;
/** Real milliseconds that records get at most to reach a handler before time goes on. */
const REST_MS = 5_000;

/** What the agent of a test is made of. */
export interface RunningTestAgentOptions {
  /** Name of the plugin under test. */
  plugin: string;
  host: TestRunOptions["host"];
  clock: DrivenClock;
  faults: AgentFaults;
  logs: CapturedLine[];
  view: TestLogs;
  /** The bus, where it is not the agent's own log. */
  remote: RemoteBus | undefined;
  deadlineMs: number;
  /** Let go of when the agent has stopped. */
  rest: AsyncDisposable;
}

/** An agent in a test, over its restarts and deaths. */
export class RunningTestAgent implements TestAgent {
  readonly logs: readonly CapturedLine[];
  readonly store: TestStore;
  readonly clock: TestClock;
  readonly faults: TestFaults;
  readonly #options: RunningTestAgentOptions;
  #run: TestRun;
  /** The start of the agent that follows a killed one. */
  #reviving: Promise<void> = Promise.resolve();
  #disposed: Promise<void> | undefined;

  constructor(options: RunningTestAgentOptions) {
    this.#options = options;
    this.#run = this.#make();
    const { logs, faults, view: { local: { store } } } = options;
    faults.onStrike = () => this.#run.die();
    this.logs = logs;
    this.store = {
      read: (work) => store.read(work),
      write: async (work) => await store.write(work),
    };
    this.clock = this.#clock();
    this.faults = this.#faults();
  }

  /** Starts it; resolves when every stream reads. */
  async start(): Promise<void> {
    await this.#run.start();
    if (this.#options.faults.lasting) return;
    await this.#until(
      () => this.#options.view.arriving(this.#reading()),
      ({ name }) => `stream ${name} could not begin to read`,
    );
  }

  async deliver(topic: string, records: readonly TestRecord[]): Promise<void> {
    await this.#reviving;
    const reading = this.#run.streams.filter(({ topics }) => topics.includes(topic));
    if (reading.length === 0) {
      const all = new Set(this.#run.streams.flatMap(({ topics }) => topics));
      throw new RangeError(
        `Cannot deliver to ${topic}: no stream reads it; the plugin reads ${
          [...all].join(", ") || "nothing"
        }`,
      );
    }
    // What a stream reads of the agent's own log comes to the bus by the relay.
    const source = reading.some((each) => each.source === "local") ? "local" : "kafka";
    await this.#options.view.deliver(topic, records, { bus: this.#run.bus, source });
    await this.settled();
  }

  async settled(): Promise<void> {
    const { clock, view } = this.#options;
    using _skip = clock.skip();
    await this.#revived();
    const agent = this.#run;
    await this.#until(
      // One that was killed has nothing to wait for.
      () => agent === this.#run && !agent.dead ? view.behind(this.#reading(), agent.bus) : [],
      ({ name, records }) => `stream ${name} has not handled ${records} records`,
    );
    await this.#revived();
    if (agent !== this.#run) return await this.settled();
    await rest(this.#run.bus.log.store);
  }

  outputs<V = unknown>(topic: string): CapturedRecord<V>[] {
    return this.#options.view.published(topic, this.#run.bus) as CapturedRecord<V>[];
  }

  published(): CapturedRecord[] {
    return this.#run.host.declaredTopics().flatMap(({ logical }) => this.outputs(logical));
  }

  deadLetters<V = unknown>(topic: string): CapturedLetter<V>[] {
    return this.outputs<V>(deadLetterTopic(topic)).map((record) => ({
      ...record,
      error: record.headers[DEAD_LETTER_HEADERS.error] ?? "",
      attempts: Number(record.headers[DEAD_LETTER_HEADERS.attempts]),
    }));
  }

  async request(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Response> {
    await this.#reviving;
    const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const all = new Headers(headers);
    if (!plain && !all.has("content-type")) all.set("content-type", "application/json");
    return await this.#run.answer(path, {
      method,
      headers: all,
      ...(body !== undefined && { body: plain ? body as BodyInit : JSON.stringify(body) }),
    });
  }

  serve(name: string): string {
    const server = this.#run.servers.get(name);
    if (!server) {
      const names = [...this.#run.servers.keys()].join(", ") || "none";
      throw new RangeError(`Cannot reach listener ${name}: the plugin has ${names}`);
    }
    if (server.origin === undefined) throw new Error(`Cannot reach listener ${name}: it is closed`);
    return server.origin;
  }

  async command(
    path: string,
    args: readonly string[] = [],
    options: Readonly<Record<string, string | boolean>> = {},
  ): Promise<CommandOutcome> {
    const { host: made, clock } = this.#options;
    await using host = createHost({ ...made, meter: createMeter(), clock });
    return await runTestCommand(host, { path, args, options });
  }

  async metrics(name: string, labels: Labels = {}): Promise<number | undefined> {
    const text = await this.#run.meter.text();
    return metricValue(text, `capstan_${this.#options.plugin}_${name}`, labels) ??
      metricValue(text, name, labels);
  }

  health(): Readonly<Record<string, Health>> {
    return this.#run.host.health();
  }

  async restart(): Promise<void> {
    // One that failed is no reason not to try again.
    await this.#reviving.catch(() => undefined);
    // Whoever waits meanwhile waits for the next run.
    await (this.#reviving = this.#startAgain());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= (async () => {
      await using _rest = this.#options.rest;
      await this.#reviving.catch(() => undefined);
      await this.#run.stop();
    })();
  }

  #make(): TestRun {
    const { host, clock, faults, deadlineMs, remote } = this.#options;
    return new TestRun({ host, clock, faults, deadlineMs, remote, onKilled: (run) => this.#killed(run) });
  }

  async #startAgain(): Promise<void> {
    const { left } = await this.#run.stop();
    if (left.length > 0 && !this.#options.faults.lasting) {
      throw new Error(`Cannot restart the agent: it did not stop in order: ${left.join("; ")}`);
    }
    // What can't stop in order keeps its leases.
    if (this.#options.faults.lasting) await this.#options.view.local.evict();
    this.#run = this.#make();
    await this.start();
  }

  #killed(run: TestRun): void {
    this.#reviving = (async () => {
      await run.stop();
      await this.#options.view.local.evict();
      this.#run = this.#make();
      await this.start();
    })();
    // Whoever waits next is told.
    this.#reviving.catch(() => undefined);
  }

  /** The streams that are not paused; those on the agent's own thread, or all. */
  #reading(thread?: "main"): ReadingStream[] {
    const { names } = this.#run.bus;
    return this.#run.streams
      .filter(({ name, where }) => where === (thread ?? where) && !this.#isPaused(name))
      .map((each) => ({ ...each, topics: each.topics.map((topic) => names.real(topic)) }));
  }

  #isPaused(stream: string): boolean {
    return this.health()[`stream ${stream}`]?.detail === "paused";
  }

  /** Waits until a look gives nothing any more. */
  async #until<T extends Reading>(look: () => T[], sentence: (left: T) => string): Promise<void> {
    const { deadlineMs, clock } = this.#options;
    const end = performance.now() + deadlineMs;
    for (let left = look(); left.length > 0; left = look()) {
      const stopped = left.map(({ name }) => this.health()[`stream ${name}`]?.detail)
        .find((detail) => detail?.startsWith("stopped: "));
      if (stopped !== undefined) throw new Error(`Cannot go on: ${stopped}${this.#lastTrouble()}`);
      if (performance.now() > end) {
        throw new Error(
          `Cannot go on: not within ${deadlineMs} ms: ${left.map(sentence).join("; ")}${this.#lastTrouble()}`,
        );
      }
      clock.skipDue();
      await this.#progress();
    }
  }

  /** Resolves when no agent is being started in place of a killed one. */
  async #revived(): Promise<void> {
    for (let last; last !== this.#reviving;) await (last = this.#reviving);
  }

  /** Lets everything go on that does not wait for the time: records reach their handlers, writes are written. */
  async #rest(): Promise<void> {
    const { clock, faults, view } = this.#options;
    const end = performance.now() + REST_MS;
    const moving = () =>
      !faults.lasting && clock.backOffs === 0 && this.#run.working === 0 && !this.#run.dead &&
      view.behind(this.#reading("main"), this.#run.bus).length > 0;
    do {
      await rest(this.#run.bus.log.store);
    } while (moving() && performance.now() < end);
  }

  /** Resolves at the next commit of the agent, or after a moment. */
  async #progress(): Promise<void> {
    const { store } = this.#run.bus.log;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_MS);
    const stop = store.onCommit(resolve);
    await promise;
    clearTimeout(timer);
    stop();
    await turn();
  }

  #lastTrouble(): string {
    const line = this.logs.findLast(({ level }) => level === "warn" || level === "error");
    return line ? `; the last trouble: ${line.message} ${JSON.stringify(line.fields)}` : "";
  }

  #clock(): TestClock {
    const { clock } = this.#options;
    const advance = async (ms: number) => {
      // What was under way before belongs to the time before.
      await this.#rest();
      const until = clock.now() + ms;
      for (let woke = true; woke;) {
        woke = clock.step(until);
        await this.#rest();
      }
    };
    const backingOff = async () => {
      const end = performance.now() + this.#options.deadlineMs;
      while (clock.backOffs === 0) {
        if (performance.now() > end) throw new Error("Cannot go on: no stream waits to try again");
        await this.#progress();
      }
    };
    return {
      get now() {
        return clock.now();
      },
      advance,
      backingOff,
    };
  }

  #faults(): TestFaults {
    const { faults, clock, view } = this.#options;
    const heal = (change: () => void) => {
      change();
      clock.skipDue();
    };
    return {
      killHandler: (options = {}) => faults.plan(options),
      get kills() {
        return faults.kills;
      },
      redeliver: async (topic) => {
        const { bus } = this.#run;
        await view.redeliver(this.#reading(), bus.names.real(topic), bus);
      },
      busAway: () => void (faults.away = true),
      busBack: () => heal(() => faults.away = false),
      storeFails: (failure = "io") => void (faults.failure = failure),
      storeHeals: () => heal(() => faults.failure = undefined),
    };
  }
}
