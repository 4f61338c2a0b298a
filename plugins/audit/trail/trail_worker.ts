import type { Batch, HandlerFactory } from "capstan";
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

  function inputs(batch: Batch, opened: Keyring): RecordInput[] {
    if (batch.topic === ACTIONS_TOPIC) return batch.records.map(adminRecord);
    if (batch.topic === INTAKE_TOPIC) {
      return batch.records.flatMap(({ data, timestamp }) =>
        openInputs(data, opened).map((input) => ({ ...input, takenMs: timestamp }))
      );
    }
    return batch.records.flatMap(({ data, timestamp }) =>
      data === null ? [] : [{ ...turnInput(data), takenMs: timestamp }]
    );
  }

  function underPolicy(input: RecordInput): RecordInput {
    const { policyVersion } = options;
    if (policyVersion === undefined) return input;
    return { ...input, facts: { ...input.facts, policy_version: policyVersion } };
  }

  return async (batch) => {
    const opened = await currentKeyring();
    const entered = prepareRecords(inputs(batch, opened).map(underPolicy), opened);
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
        return appended.requests;
      },
    };
  };
};

/** A turn whose event is of another shape than its kind is recorded all the same. */
function turnInput(data: unknown): RecordInput {
  try {
    return turnRecord(data as TurnEvent);
  } catch (cause) {
    return unreadableTurn(data, cause);
  }
}

export default factory;
