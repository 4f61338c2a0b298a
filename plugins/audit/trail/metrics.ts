import type { PluginContext, PluginStore } from "capstan";
import { TurnDistance } from "./turn_distance.ts";
import { writerOf } from "./writer.ts";

/** What is told of the trail. */
export interface TrailFigures {
  /** Figures for health. Cheap. */
  figures(): Readonly<Record<string, number>>;
}

/** Registers the trail's metrics. */
export function registerFigures(
  ctx: Pick<PluginContext, "gauge">,
  { store, turns, isOpen }: { store: PluginStore; turns: boolean; isOpen(): boolean },
): TrailFigures {
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
  return { figures: () => ({ records: length(), turns_without_record: withoutRecord() }) };
}

function covered(db: Parameters<typeof writerOf>[0]): number {
  return db.get<{ size: number | null }>("SELECT max(size) AS size FROM audit_checkpoints")?.size ?? 0;
}
