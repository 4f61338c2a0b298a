import type { CommandCall, PluginCommand, Redaction } from "capstan";
import { addHold, liftHold } from "../retention/change_holds.ts";
import { type Hold, holds } from "../retention/holds.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import type { Settings } from "../settings.ts";
import { appendRecords } from "../trail/append_records.ts";
import { NO_TENANT } from "../trail/turn_record.ts";
import { cliActor } from "./actor.ts";
import { timeOption } from "./time_option.ts";
import { UsageError, withUsage } from "./usage_error.ts";

type HoldSettings = Pick<Settings, "folder" | "master_key" | "topic">;

/** `capstan audit hold add|list|lift`. */
export function holdCommands(settings: HoldSettings, redact: Redaction): PluginCommand[] {
  return [
    {
      path: "audit hold add",
      doc: "Set a legal hold: what it covers is neither erased nor removed by age. Prints its id.",
      options: [
        { flags: "--user <name>", doc: "Records of this user. Default: everybody." },
        { flags: "--tenant <name>", doc: "Of this tenant. Default: all; of a user: default." },
        { flags: "--from <time>", doc: "Records entered from then on." },
        { flags: "--to <time>", doc: "Records entered before then." },
        { flags: "--reason <text>", doc: "Why; stands in the trail in the clear." },
      ],
      examples: ['capstan audit hold add --user ada --reason "case 17"'],
      run: (call) => withUsage(call.stderr, () => add(call, settings, redact)),
    },
    {
      path: "audit hold list",
      doc: "List legal holds.",
      options: [
        { flags: "--all", doc: "Those that were lifted, too." },
        { flags: "--json", doc: "One JSON object a line." },
      ],
      examples: ["capstan audit hold list", "capstan audit hold list --all --json"],
      run: list,
    },
    {
      path: "audit hold lift",
      doc: "Lift a legal hold.",
      args: [{ name: "<id>", doc: "As hold list has it." }],
      options: [{ flags: "--reason <text>", doc: "Why; stands in the trail in the clear." }],
      examples: ['capstan audit hold lift 0190a1b2 --reason "case 17 is closed"'],
      run: (call) => withUsage(call.stderr, () => lift(call, settings)),
    },
  ];
}

async function add(call: CommandCall, settings: HoldSettings, redact: Redaction): Promise<number> {
  const { store, commit, options, stdout } = call;
  const reason = reasonOf(options.reason, "set");
  const user = typeof options.user === "string" ? redact.identity(options.user) : undefined;
  const named = typeof options.tenant === "string" ? redact.identity(options.tenant) : undefined;
  const tenant = named ?? (user === undefined ? undefined : NO_TENANT);
  const fromMs = timeOption("--from", options.from);
  const toMs = timeOption("--to", options.to);
  const keyring = await openKeyring(store, settings);
  const now = Date.now();
  let made = "";
  await commit((tx) => {
    const subject = user === undefined || tenant === undefined ? undefined : keyring.subject(tenant, user);
    const { id, record } = addHold(tx, {
      tenant,
      user,
      subject,
      fromMs,
      toMs,
      reason,
      now,
      actor: cliActor(),
    });
    made = id;
    return appendRecords(tx, [record], { topic: settings.topic, keyring, now }).requests;
  });
  await stdout.write(`${made}\n`);
  return 0;
}

async function lift(call: CommandCall, settings: HoldSettings): Promise<number> {
  const { store, commit, options, args: [id = ""] } = call;
  const reason = reasonOf(options.reason, "lift");
  const keyring = await openKeyring(store, settings);
  const now = Date.now();
  await commit((tx) => {
    const record = liftHold(tx, { id, reason, actor: cliActor(), now });
    return appendRecords(tx, [record], { topic: settings.topic, keyring, now }).requests;
  });
  return 0;
}

async function list({ store, options, stdout }: CommandCall): Promise<void> {
  const found = store.read((db) => holds(db, { lifted: options.all === true }));
  await stdout.write(found.map((hold) => options.json ? jsonOf(hold) : lineOf(hold)).join(""));
}

function reasonOf(reason: string | boolean | undefined, verb: string): string {
  if (typeof reason === "string" && reason.trim() !== "") return reason;
  throw new UsageError(`Cannot ${verb} a hold without a reason: give --reason; it stands in the trail`);
}

const time = (ms: number | null) => ms === null ? null : new Date(ms).toISOString();

function jsonOf({ id, tenant, subject, from_ms, to_ms, reason, made_ms, lifted_ms }: Hold): string {
  const times = { from: time(from_ms), to: time(to_ms), set_at: time(made_ms), lifted_at: time(lifted_ms) };
  return `${JSON.stringify({ id, tenant, subject, reason, ...times })}\n`;
}

/** One line for a person. */
export function lineOf({ id, tenant, subject, from_ms, to_ms, reason, lifted_ms }: Hold): string {
  const parts = [
    id,
    subject === null ? "everybody" : `user ${subject}`,
    tenant === null ? "of all tenants" : `of ${tenant}`,
    ...(from_ms === null ? [] : [`from ${time(from_ms)}`]),
    ...(to_ms === null ? [] : [`to ${time(to_ms)}`]),
    ...(lifted_ms === null ? [] : [`lifted ${time(lifted_ms)}`]),
  ];
  return `${parts.join(" ")}: ${reason}\n`;
}
