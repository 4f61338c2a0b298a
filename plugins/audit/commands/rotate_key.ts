import type { PluginCommand } from "capstan";
import { keyRecord } from "../checkpoints/key_record.ts";
import { makeCheckpoint, storeCheckpoint } from "../checkpoints/make_checkpoint.ts";
import { newSigningKey, readSigningKeys, signingKeyFile } from "../checkpoints/signing_keys.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import { replaceSecretFile } from "../seal/secret_file.ts";
import type { Settings } from "../settings.ts";
import { appendRecords } from "../trail/append_records.ts";
import { checkpointTopic } from "../trail/topics.ts";
import { signerOf, writerOf } from "../trail/writer.ts";
import { originOf } from "../tree/checkpoint.ts";

/** `capstan audit rotate-key`. */
export function rotateKeyCommand(settings: Pick<Settings, "folder" | "master_key" | "topic">): PluginCommand {
  return {
    path: "audit rotate-key",
    doc: "Sign checkpoints with a new key: a record names it, and the former key signs that record.",
    options: [{
      flags: "--lost",
      doc: "The former key is gone: nothing but the record says that the new one is right.",
    }],
    examples: ["capstan audit rotate-key"],
    async run({ store, commit, options, stdout }) {
      const keyring = await openKeyring(store, settings);
      const { writer, vkey } = store.read((db) => ({ writer: writerOf(db), vkey: signerOf(db) }));
      if (!writer || vkey === undefined) {
        throw new Error(
          "Cannot replace the key of the audit trail: it has none yet; start the agent with it once",
        );
      }
      const [file, name] = [signingKeyFile(settings), originOf(writer.id)];
      const keys = await readSigningKeys(file, name);
      const former = keys.find(({ signer }) => signer.verifier.vkey === vkey);
      if (!former && !options.lost) {
        throw new Error(
          `Cannot replace the key of the audit trail: ${vkey} is not in ${file}; put it back, or give --lost`,
        );
      }
      const next = newSigningKey(name);
      const signers = [...(former ? [former.signer] : []), next.signer];
      // Both, until the store says which one signs.
      await replaceSecretFile(file, [next, ...keys].map(({ pem }) => pem).join(""));
      await commit((tx) => {
        if (signerOf(tx) !== vkey) throw new Error("Cannot replace the key: somebody else has just done so");
        const now = Date.now();
        const append = (action: "added" | "retired", key: string) =>
          appendRecords(tx, [keyRecord(action, key)], { topic: settings.topic, keyring, now }).requests;
        const added = append("added", next.signer.verifier.vkey);
        const made = makeCheckpoint(tx, signers);
        storeCheckpoint(tx, made, now);
        const retired = append("retired", vkey);
        tx.run("UPDATE audit_writer SET signer = ?", next.signer.verifier.vkey);
        return [...added, { topic: checkpointTopic(settings), key: writer.id, value: made.note }, ...retired];
      });
      await replaceSecretFile(file, next.pem);
      await stdout.write(`${next.signer.verifier.vkey}\n`);
    },
  };
}
