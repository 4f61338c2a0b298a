import type { Batch, HandlerFactory, PublishRequest } from "capstan";
import { partInputs } from "../intake/part_inputs.ts";
import { openInputs } from "../intake/seal_inputs.ts";
import type { Keyring } from "../seal/keyring.ts";
import { reopenKeyring } from "../seal/open_keyring.ts";
import { adminRecord } from "./admin_record.ts";
import { appendPrepared } from "./append_records.ts";
import { prepareRecords } from "./prepare_records.ts";
import type { RecordInput } from "./record_input.ts";
import type { TrailOptions } from "./trail_options.ts";
import { ACTIONS_TOPIC, INTAKE_TOPIC } from "./topics.ts";
import type { TurnEvent } from "./turn_event.ts";
import { turnRecord, unreadableTurn } from "./turn_record.ts";

/**
 * Enters what a batch brings in the trail, in the transaction that moves the group on. A record is never given up: while
 * keys can't be opened the batch is tried again.
 */
const factory: HandlerFactory = (ctx, given) => {
  const options = given as TrailOptions;
  const records = ctx.counter({
    name: "records_total",
    help: "Records entered in the trail.",
    labels: ["kind"],
  });
  const failures = ctx.counter({
    name: "seal_failures_total",
    help: "Batches that could not be sealed, as the keys could not be opened; they are tried again.",
  });
  let keyring: Keyring | undefined;

  async function currentKeyring(): Promise<Keyring> {
    const known = keyring;
    if (known && ctx.read((db) => known.isCurrent(db))) return known;
    try {
      return keyring = await reopenKeyring((work) => ctx.read(work), options);
    } catch (error) {
      failures.inc();
      throw error;
    }
  }

  function workOf(batch: Batch, opened: Keyring): Work {
    if (batch.topic === ACTIONS_TOPIC) return { inputs: batch.records.map(adminRecord), parts: [] };
    if (batch.topic === INTAKE_TOPIC) return intakeWork(batch, opened);
    const inputs = batch.records.flatMap(({ data, timestamp }) =>
      data === null ? [] : [{ ...turnInput(data), takenMs: timestamp }]
    );
    return { inputs, parts: [] };
  }

  function underPolicy(input: RecordInput): RecordInput {
    const { policyVersion } = options;
    if (policyVersion === undefined) return input;
    return { ...input, facts: { ...input.facts, policy_version: policyVersion } };
  }

  return async (batch) => {
    const opened = await currentKeyring();
    const { inputs, parts } = workOf(batch, opened);
    const entered = prepareRecords(inputs.map(underPolicy), opened);
    let counted = false;
    return {
      write(tx) {
        const appended = appendPrepared(tx, entered, {
          topic: options.topic,
          keyring: opened,
          now: Date.now(),
        });
        // A commit that fails is tried again with the same work.
        if (!counted) {
          appended.records.forEach((record, at) => record && records.inc({ kind: entered[at]!.kind }));
        }
        counted = true;
        return [...appended.requests, ...parts];
      },
    };
  };
};

/** What a batch brings. */
interface Work {
  /** To be entered now. */
  readonly inputs: readonly RecordInput[];
  /** To be entered from batches of their own. */
  readonly parts: readonly PublishRequest[];
}

/** A bundle that would hold the file's lock for long goes back in parts, as of when it was taken. */
function intakeWork(batch: Batch, opened: Keyring): Work {
  const inputs: RecordInput[] = [];
  const parts: PublishRequest[] = [];
  for (const { data, timestamp } of batch.records) {
    const bundle = openInputs(data, opened);
    const parted = partInputs(bundle, opened);
    parts.push(...parted.map((value) => ({ topic: INTAKE_TOPIC, value, timestamp })));
    if (parted.length === 0) inputs.push(...bundle.map((input) => ({ ...input, takenMs: timestamp })));
  }
  return { inputs, parts };
}

/** A turn whose event is of another shape than its kind is recorded all the same. */
function turnInput(data: unknown): RecordInput {
  try {
    return turnRecord(data as TurnEvent);
  } catch (cause) {
    return unreadableTurn(data, cause);
  }
}

export default factory;
