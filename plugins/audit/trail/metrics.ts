import type { Health, PluginContext, PluginStore } from "capstan";
import type { Settings } from "../settings.ts";
import { TurnDistance } from "./turn_distance.ts";
import { writerOf } from "./writer.ts";

/** What the trail's figures are of. */
export interface FiguresOptions {
  readonly store: PluginStore;
  readonly settings: Pick<Settings, "turns" | "max_turns_behind">;
  /** Whether the agent has started. */
  isOpen(): boolean;
}

/** Registers the trail's metrics; gives its health: how far it is behind the ledger. Cheap. */
export function registerFigures(
  ctx: Pick<PluginContext, "gauge">,
  { store, settings: { turns, max_turns_behind: most }, isOpen }: FiguresOptions,
): () => Health {
  const distance = new TurnDistance(store);
  const withoutRecord = () => isOpen() && turns ? distance.count() : 0;
  const length = () => isOpen() ? store.read((db) => writerOf(db)?.next ?? 0) : 0;
  ctx.gauge({
    name: "turns_without_record",
    help: "Turns of the ledger since the trail began that have no record yet.",
    collect: withoutRecord,
  });
  ctx.gauge({
    name: "records",
    help: "Records of the trail, those of former runs included.",
    collect: length,
  });
  ctx.gauge({
    name: "checkpointed_records",
    help: "Records that the newest signed checkpoint covers.",
    collect: () => isOpen() ? store.read(covered) : 0,
  });
  return () => {
    const behind = withoutRecord();
    const figures = { records: length(), turns_without_record: behind };
    if (behind <= most) return { status: "ok", figures };
    const detail = `${behind} recorded calls have no record yet, more than max_turns_behind = ${most}`;
    return { status: "degraded", detail, figures };
  };
}

function covered(db: Parameters<typeof writerOf>[0]): number {
  return db.get<{ size: number | null }>("SELECT max(size) AS size FROM audit_checkpoints")?.size ?? 0;
}
