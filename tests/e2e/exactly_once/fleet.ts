import assert from "node:assert/strict";
import { join } from "node:path";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { BusBench, uniqueName } from "../../../lib/testing/bus_case.ts";
import { kafkaClassPath } from "../../kafka/jars.ts";
import { silent } from "../../lib/bus/kafka/bench.ts";
import type { AgentOptions } from "./agent.ts";
import { assertOutputs, assertRecords, numbered, wrongRows } from "./check.ts";
import { AgentProcess, DEADLINE_MS } from "./child.ts";
import type { Fault } from "./faults.ts";

const PARTITIONS = 6;
/** Milliseconds that sending may take, with the broker's restart in it. */
const SENDING_MS = 300_000;

/** Agents in one group over a topic of six partitions, each with a file of its own. */
export class Fleet implements AsyncDisposable {
  readonly topics: AgentOptions["topics"] = { in: uniqueName("in"), out: uniqueName("out") };
  readonly group: string = uniqueName("group");
  readonly #bus: KafkaBus;
  readonly #bench: BusBench;
  readonly #agents: AgentProcess[] = [];
  /** In which partition each number lies. */
  readonly #partitionOf = new Map<number, number>();
  #sent = 0;

  private constructor(private readonly bootstrap: string, private readonly folder: string) {
    this.#bus = new KafkaBus({ bootstrapServers: [bootstrap] }, { log: silent, sendDeadlineMs: Infinity });
    this.#bench = new BusBench(this.#bus, DEADLINE_MS);
  }

  /** Makes the topics. */
  static async open(bootstrap: string): Promise<Fleet> {
    const fleet = new Fleet(bootstrap, await Deno.makeTempDir({ prefix: "capstan-fleet-" }));
    for (const name of Object.values(fleet.topics)) {
      await fleet.#bench.topic({ name, partitions: PARTITIONS });
    }
    return fleet;
  }

  /** Starts the agent of that name; it goes on with its file. */
  start(name: string, fault?: Fault): AgentProcess {
    const { topics, group, bootstrap } = this;
    const agent = new AgentProcess({ storeFile: this.#file(name), bootstrap, topics, group, fault });
    this.#agents.push(agent);
    return agent;
  }

  /** Sends further records, in order; an outage is waited out, but not for ever. */
  async send(count: number): Promise<void> {
    const signal = AbortSignal.timeout(SENDING_MS);
    const from = this.#sent;
    this.#sent += count;
    const records = numbered(this.topics.in, from, count);
    for (let at = 0; at < count; at += 20) {
      const positions = await this.#bus.send(records.slice(at, at + 20), { signal });
      positions.forEach(({ partition }, i) => this.#partitionOf.set(from + at + i, partition));
    }
  }

  /** Waits until the group has handled everything. */
  async done(): Promise<void> {
    await this.#bench.eventually("the group has handled everything", async () => {
      try {
        return (await this.#bus.lag(this.group, [this.topics.in])).every(({ lag }) => lag === 0);
      } catch (error) {
        if (this.#bus.isRetryable(error)) return false;
        throw error;
      }
    });
  }

  /** Waits until agents have all partitions between them, each at least one. */
  async share(...agents: AgentProcess[]): Promise<void> {
    const whole = () =>
      agents.every(({ partitions }) => partitions.length > 0) &&
      agents.reduce((sum, { partitions }) => sum + partitions.length, 0) === PARTITIONS;
    for (const agent of agents) {
      await agent.until(
        "each has a share",
        () => whole() || agent !== agents.at(-1) && agent.partitions.length > 0,
      );
    }
    await this.#bench.eventually("they have all partitions", () => Promise.resolve(whole()));
  }

  /**
   * Everything was handled: the outputs are there once and in order, the rows of each agent's partitions are right, and
   * so are those of the last one when it has taken over all.
   */
  async finish(agents: Readonly<Record<string, AgentProcess>>): Promise<void> {
    await this.done();
    const names = Object.keys(agents);
    for (const [i, name] of names.entries()) {
      const agent = agents[name] ?? assert.fail();
      await this.#rowsAreRight(name, agent);
      if (i < names.length - 1) await agent.stop();
    }
    const last = agents[names.at(-1) ?? ""] ?? assert.fail();
    await last.until("it has all partitions", ({ partitions }) => partitions.length === PARTITIONS);
    await this.#rowsAreRight(names.at(-1) ?? "", last);
    await last.stop();
    await this.outputsAreRight();
  }

  /** To a reader of committed records, each output is there once and in order per key. */
  async outputsAreRight(): Promise<void> {
    await using reader = await this.#bench.open({ group: null, topics: [this.topics.out] });
    const records = await this.#bench.receive(reader, this.#sent);
    const more = await reader.receive({ max: 10, maxBytes: 1_000_000, waitMs: 300 });
    assertRecords([...records, ...more?.records ?? []], this.#sent);
  }

  /** The same, as Java's consumer reads them. */
  async javaReadsThem(): Promise<void> {
    const { stdout, stderr } = await new Deno.Command("java", {
      args: [
        ...["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", await kafkaClassPath()],
        ...["org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", this.bootstrap],
        ...["--topic", this.topics.out, "--from-beginning", "--isolation-level", "read_committed"],
        ...["--property", "print.key=true", "--max-messages", String(this.#sent), "--timeout-ms", "120000"],
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    const values = text.split("\n").filter((line) => line.includes("\t")).map((line) => {
      const [key = "", value = ""] = line.split("\t");
      return { key, value };
    });
    assert.ok(values.length > 0, new TextDecoder().decode(stderr));
    assertOutputs(values, this.#sent);
  }

  /** Kills what still runs and removes the files. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) await agent[Symbol.asyncDispose]();
    await this.#bus.close();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #rowsAreRight(name: string, agent: AgentProcess): Promise<void> {
    let wrong: string[] = [];
    try {
      await this.#bench.eventually("rows are right", async () => {
        wrong = await wrongRows(this.#file(name), agent.partitions, this.#partitionOf);
        return wrong.length === 0;
      });
    } catch {
      assert.deepEqual(wrong, []);
    }
  }

  #file(name: string): string {
    return join(this.folder, `${name}.sqlite`);
  }
}
