import type { PluginCommand } from "capstan";
import { currentSigner } from "../checkpoints/checkpointer.ts";
import { checkpointFile, writeCheckpoints } from "../checkpoints/checkpoint_file.ts";
import { makeCheckpoint, storeCheckpoint } from "../checkpoints/make_checkpoint.ts";
import { dueRetention } from "../retention/due_retention.ts";
import { removeRecords } from "../retention/remove_records.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import type { Settings } from "../settings.ts";
import { appendRecords } from "../trail/append_records.ts";
import { checkpointTopic } from "../trail/topics.ts";
import { timeOption } from "./time_option.ts";
import { UsageError, withUsage } from "./usage_error.ts";

/** `capstan audit retain`. */
export function retainCommand(
  settings: Pick<Settings, "folder" | "master_key" | "topic" | "retention">,
): PluginCommand {
  return {
    path: "audit retain",
    doc: "Remove old records now, oldest first, under a new signed anchor; legal holds are kept to.",
    options: [{
      flags: "--before <time>",
      doc: "Records entered before then. Default: as plugins.audit.retention says.",
    }],
    examples: ["capstan audit retain --before 2019-01-01"],
    run: (call) =>
      withUsage(call.stderr, async () => {
        const { store, commit, options, stdout, signal } = call;
        const given = timeOption("--before", options.before) ??
          (settings.retention === undefined ? undefined : Date.now() - settings.retention);
        if (given === undefined) {
          throw new UsageError(
            "Cannot tell which records are old: give --before, or set plugins.audit.retention",
          );
        }
        // What is entered from here on stays, the records of the removal among it.
        const beforeMs = Math.min(given, Date.now());
        const keyring = await openKeyring(store, settings);
        const signer = await currentSigner(store, settings);
        let removed = 0;
        await using progress = call.progress();
        for (let last = 1; last > 0; removed += last) {
          signal.throwIfAborted();
          await progress.show({ what: "removing old records", done: removed });
          // Whatever was announced and covered before goes first.
          const waiting = await store.write(removeRecords);
          let announced = 0;
          await commit((tx) => {
            const due = dueRetention(tx, { beforeMs });
            if (!due) return;
            const now = Date.now();
            const { requests } = appendRecords(tx, [due], { topic: settings.topic, keyring, now });
            const made = makeCheckpoint(tx, [signer]);
            storeCheckpoint(tx, made, now);
            announced = removeRecords(tx);
            return [...requests, { topic: checkpointTopic(settings), key: made.writer, value: made.note }];
          });
          last = waiting + announced;
        }
        await progress[Symbol.asyncDispose]();
        await writeCheckpoints(checkpointFile(settings), store);
        await stdout.write(`${removed} records were removed.\n`);
        return 0;
      }),
  };
}
