import { type LocalBus, openLocalLog } from "../bus/local/local_bus.ts";
import type { Loaded } from "../config/load.ts";
import { openStore } from "../store/open_store.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import { type ConfigCall, loadConfiguration } from "./configuration.ts";

/** The file of this call, open beside whatever agent runs on it. */
export interface OpenData extends AsyncDisposable {
  readonly config: Loaded;
  readonly store: SqliteStore;
  readonly local: LocalBus;
  /** A topic's real name; the user may have given its name in code. */
  topicName(given: string): string;
}

/** How the file is opened. */
export interface OpenDataOptions {
  /** Write to it. */
  write: boolean;
  /** Make the file where it is missing. Default: that is an error, for its name was mistyped. */
  create?: boolean;
  /** The configuration, where it was loaded before. */
  config?: Loaded;
}

/**
 * Opens the file of this call.
 * @throws {ConfigError} the configuration is wrong.
 * @throws {StoreError} the file is missing, or no SQLite file.
 */
export async function openData(call: ConfigCall, options: OpenDataOptions): Promise<OpenData> {
  const config = options.config ?? await loadConfiguration(call);
  const { sqlite, power_safe } = config.host.store;
  const opened = new AsyncDisposableStack();
  try {
    const store = opened.use(
      await openStore({
        file: sqlite,
        readOnly: !options.write,
        create: options.create ?? false,
        powerSafe: power_safe,
      }),
    );
    const local = opened.use(await openLocalLog(store));
    if (options.write) {
      // The file may be new, or of an agent that knew fewer topics.
      const { declaredTopics } = await import("./make_host.ts");
      await local.topics.apply(declaredTopics(call, config));
    }
    const own = opened.move();
    return {
      config,
      store,
      local,
      topicName: topicNameIn(config),
      [Symbol.asyncDispose]: () => own.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** From a topic's name in code to its real one; any other name stays as it is. */
export function topicNameIn(config: Loaded): (given: string) => string {
  return (given) => config.host.topics[given]?.name ?? given;
}
