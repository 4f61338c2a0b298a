import type { ConnectionConfig } from "../../../lib/clients/connection_config.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";

const broker = withoutKafka ? undefined : await sharedBroker();

/** A bus for one test, which disposing of it takes away. */
export interface TestBus extends AsyncDisposable {
  /** What clients are configured with; topics are made when they are first used. */
  readonly config: ConnectionConfig;
  /** A name of its own for a topic or group. */
  name(what: string): string;
}

/** Registers a test on a local file and, where there is one, on a broker. */
export function onBothBuses(sentence: string, test: (bus: TestBus) => Promise<void>): void {
  Deno.test(`local file: ${sentence}`, async () => {
    await using bus = await openFile();
    await test(bus);
  });
  onKafka(sentence, test);
}

/** Registers a test on a broker, where there is one. The file ends with `theBrokerEnds()`. */
export function onKafka(sentence: string, test: (bus: TestBus) => Promise<void>): void {
  Deno.test({
    name: `Kafka: ${sentence}`,
    ignore: broker === undefined,
    fn: async () => {
      await test({
        config: { bootstrapServers: broker?.bootstrap ?? "", createTopics: 1 },
        name,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  });
}

/** Registers the last test of a file: where the broker is of its own, it ends. */
export function theBrokerEnds(): void {
  Deno.test({
    name: "the broker of these tests ends",
    ignore: broker === undefined,
    // It was started outside of any test.
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => await broker?.[Symbol.asyncDispose](),
  });
}

async function openFile(): Promise<TestBus> {
  const folder = await Deno.makeTempDir();
  return {
    config: { bus: `local:${folder}/log.sqlite` },
    name,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function name(what: string): string {
  return `${what}-${crypto.randomUUID()}`;
}
