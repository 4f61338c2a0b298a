import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { CommandCall, ErasureOutcome, PluginCommand, Redaction, Transaction } from "capstan";
import { destroyKeys, type KeySubject } from "../erase/destroy_keys.ts";
import { dataRemoved, type ErasureWho, isUnfinished, keysDestroyed } from "../erase/erasure_record.ts";
import { holdsOn } from "../retention/holds.ts";
import type { Keyring } from "../seal/keyring.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import type { Settings } from "../settings.ts";
import { appendRecords } from "../trail/append_records.ts";
import { NO_TENANT } from "../trail/turn_record.ts";
import { cliActor } from "./actor.ts";
import { lineOf } from "./hold.ts";
import { UsageError, withUsage } from "./usage_error.ts";

/** What nobody here can reach, wherever it is kept. */
const ELSEWHERE = [
  "What the model's provider keeps of the calls.",
  "Exports of the trail with opened contents, copies and backups of this file and of the master key.",
];

type EraseSettings = Pick<Settings, "folder" | "master_key" | "topic" | "file">;

/** `capstan audit erase`. */
export function eraseCommand(settings: EraseSettings, redact: Redaction): PluginCommand {
  return {
    path: "audit erase",
    doc: "Erase a person: destroy the key of their records, and remove what every plugin keeps of them.",
    everyPlugin: true,
    options: [
      {
        flags: "--user <name>",
        doc: "Who, as calls and entries name them; key:FINGERPRINT of a caller without a name.",
      },
      { flags: "--tenant <name>", doc: "Whose user.", default: NO_TENANT },
      { flags: "--yes", doc: "Do it without asking." },
    ],
    examples: ["capstan audit erase --user ada --yes"],
    run: (call) => withUsage(call.stderr, () => erase(call, settings, redact)),
  };
}

async function erase(call: CommandCall, settings: EraseSettings, redact: Redaction): Promise<number> {
  const { options, store, stdout } = call;
  const { user, tenant = NO_TENANT } = options;
  if (typeof user !== "string" || user === "" || typeof tenant !== "string") {
    throw new UsageError("Cannot erase nobody: give --user");
  }
  const keyring = await openKeyring(store, settings);
  const who: ErasureWho = { tenant, user, actor: cliActor() };
  const subjects = subjectsOf(keyring, who, redact);
  store.read((db) => refuseHeld(db, who, subjects));
  if (options.yes !== true && !await confirmed(call, who)) {
    await call.stderr.write("Nothing was erased.\n");
    return 1;
  }
  const first = await destroy(call, { settings, keyring, who, subjects });
  const outcome = await removeEverywhere(call, who);
  const later = await finish(call, { settings, keyring, who, subjects }, {
    outcome,
    goesOn: first.length === 0,
  });
  await stdout.write(report(who, [...first, ...later], outcome, settings));
  return 0;
}

function subjectsOf(keyring: Keyring, { tenant, user }: ErasureWho, redact: Redaction): KeySubject[] {
  const redacted = { tenant: redact.identity(tenant), user: redact.identity(user) };
  const names = redacted.tenant === tenant && redacted.user === user ? [{ tenant, user }] : [
    { tenant, user },
    redacted,
  ];
  return names.map((each) => ({ tenant: each.tenant, subject: keyring.subject(each.tenant, each.user) }));
}

interface Erasing {
  readonly settings: EraseSettings;
  readonly keyring: Keyring;
  readonly who: ErasureWho;
  /** By the name that was given, and as redaction has it. */
  readonly subjects: readonly KeySubject[];
}

/** Keys and the record that says so, together: whatever else fails, nobody reads the records any more. */
async function destroy(call: CommandCall, { settings, keyring, who, subjects }: Erasing): Promise<string[]> {
  let keys: string[] = [];
  await call.commit((tx) => {
    refuseHeld(tx, who, subjects);
    const now = Date.now();
    keys = subjects.flatMap((subject) => destroyKeys(tx, subject, now));
    if (keys.length === 0) return;
    return appendRecords(tx, [keysDestroyed(who, keys)], { topic: settings.topic, keyring, now }).requests;
  });
  return keys;
}

async function removeEverywhere(call: CommandCall, { tenant, user }: ErasureWho): Promise<ErasureOutcome> {
  await using progress = call.progress();
  return await call.erase({ tenant, user }, (step) => progress.show(step));
}

/**
 * The keys that were made meanwhile, of what was under way; and the record of what was removed, where anything was or an
 * erasure that was cut off left none. `goesOn`: an erasure before this one destroyed the keys.
 */
async function finish(
  call: CommandCall,
  { settings, keyring, who, subjects }: Erasing,
  { outcome, goesOn }: { outcome: ErasureOutcome; goesOn: boolean },
): Promise<string[]> {
  let keys: string[] = [];
  await call.commit((tx) => {
    const now = Date.now();
    keys = subjects.flatMap((subject) => destroyKeys(tx, subject, now));
    const removed = outcome.plugins.some((each) => Object.values(each.removed).some((count) => count > 0));
    const isCutOff = isUnfinished(tx, subjects);
    if (!isCutOff && !removed && keys.length === 0) return;
    const record = dataRemoved(who, outcome, { keys, goesOn: goesOn && isCutOff });
    return appendRecords(tx, [record], { topic: settings.topic, keyring, now })
      .requests;
  });
  return keys;
}

function refuseHeld(
  db: Pick<Transaction, "get" | "all" | "iterate">,
  { user }: ErasureWho,
  subjects: readonly KeySubject[],
): void {
  const held = subjects.flatMap((subject) => holdsOn(db, subject))
    .filter((hold, at, all) => all.findIndex(({ id }) => id === hold.id) === at);
  if (held.length === 0) return;
  throw new Error(
    `Cannot erase ${user}: ${
      held.length > 1 ? "legal holds cover" : "a legal hold covers"
    } their records; lift ` +
      `${held.length > 1 ? "them" : "it"} first:\n${held.map(lineOf).join("").trimEnd()}`,
  );
}

async function confirmed({ stderr, signal }: CommandCall, { user, tenant }: ErasureWho): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError(`Cannot ask whether to erase ${user}: no terminal; give --yes`);
  }
  await stderr.write(`Erase ${user} of tenant ${tenant} for good? [y/N] `);
  const lines = createInterface({ input: process.stdin });
  try {
    return /^\s*y(es)?\s*$/i.test(await lines.question("", { signal }));
  } finally {
    lines.close();
  }
}

function report(
  { user, tenant }: ErasureWho,
  keys: readonly string[],
  { plugins, beyond }: ErasureOutcome,
  { file }: EraseSettings,
): string {
  const unreached = [
    ...plugins.flatMap((each) => each.beyond),
    ...beyond,
    ...(file.path === undefined
      ? []
      : [`Lines of ${file.path}: what they hold of the user was under the key.`]),
    ...ELSEWHERE,
  ];
  // Those that are disabled were asked, too: only what was kept is told.
  const removed = plugins.flatMap(({ plugin, removed }) => {
    const counts = Object.entries(removed).filter(([, count]) => count > 0);
    return counts.length === 0
      ? []
      : [`${plugin}: ${counts.map(([what, count]) => counted(count, what)).join(", ")}`];
  });
  const some = keys.length > 0 || removed.length > 0;
  return [
    some
      ? `Erased ${user} of tenant ${tenant}.`
      : `Nothing was kept of ${user} of tenant ${tenant}, or it was erased before.`,
    `audit: ${counted(keys.length, "keys")} destroyed`,
    ...removed,
    "Not reached:",
    ...unreached.map((each) => `- ${each}`),
  ].map((line) => `${line}\n`).join("");
}

/** `2 turns`, `1 entry`; plugins name what they remove in the plural. */
function counted(count: number, what: string): string {
  const words = what.replaceAll("_", " ");
  return `${count} ${count === 1 ? words.replace(/ies$/, "y").replace(/s$/, "") : words}`;
}
