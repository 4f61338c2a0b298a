import { Bus } from "../bus/bus.ts";
import { openLocalLog } from "../bus/local/local_bus.ts";
import { topicCodecs } from "../bus/topic_codecs.ts";
import { TopicNames } from "../bus/topic_names.ts";
import { openStore } from "../store/open_store.ts";
import { commandCall } from "./command_call.ts";
import { diskGuard } from "./disk_guard.ts";
import { filelessCall, worksWithoutFile } from "./fileless_call.ts";
import type { OpenParts } from "./context.ts";
import type { CommandInput, HostOptions } from "./host_contract.ts";
import { kafkaSettingsOf } from "./kafka_settings_of.ts";
import { prepareStore } from "./prepare_store.ts";
import type { Registry } from "./registry.ts";

/**
 * Runs a command on an opened and migrated store; plugins, streams and listeners stay unstarted. Gives its exit code.
 * @throws {Error} there is no such command, or what it threw.
 * @throws {StoreError} the file is missing and the command makes none.
 */
export async function runCommand(
  options: HostOptions,
  registry: Registry,
  parts: OpenParts,
  path: string,
  input: CommandInput,
): Promise<number> {
  const found = registry.commands.find(({ command }) => command.path === path);
  if (!found) throw new Error(`Cannot run "${path}": no plugin has such a command`);
  const { settings, storeFile, meter } = options;
  if (worksWithoutFile(found.command, input)) {
    return await found.command.run(
      filelessCall(found.plugin, input, { storeFile, token: settings.admin.token }),
    ) ??
      0;
  }
  await using store = await openStore({
    file: storeFile,
    powerSafe: settings.store.power_safe ?? false,
    create: found.command.creates ?? false,
  });
  await using log = await openLocalLog(store, { log: options.log.child({ component: "log" }) });
  await prepareStore(store, log, registry, options);
  const names = new TopicNames(registry.topics.renamed(settings.topics));
  const codecs = await topicCodecs(registry.topics.values(), options.redaction);
  const bus = new Bus({ log, names, codecs, meter });
  Object.assign(parts, { store, bus });
  try {
    const { token } = settings.admin;
    const cluster = kafkaSettingsOf({ kafka: settings.kafka });
    const code = await found.command.run(
      commandCall({
        plugin: found.plugin,
        ...{ input, parts, bus, storeFile, registry, token },
        relays: kafkaSettingsOf(settings) !== undefined,
        cluster,
        log: options.log,
        guard: diskGuard(options),
      }),
    );
    return code ?? 0;
  } finally {
    delete parts.store;
    delete parts.bus;
  }
}
