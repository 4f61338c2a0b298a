import type { Damage } from "./damage.ts";
import type { VerifyReport, WriterReport } from "./report.ts";

/** Damages that are said; the others are counted. */
const SAID = 20;

/** What was found, for a person. */
export function renderReport(report: VerifyReport): string {
  const { writers, proven, damages, damaged, remarks, sound } = report;
  const lines = writers.map(renderWriter);
  if (proven > 0) lines.push(`${counted(proven, "record")} with a proof of their own: they hold.`);
  if (writers.length === 0 && proven === 0 && sound) lines.push("There is no record.");
  const [first] = damages;
  if (first) {
    lines.push(`DAMAGED: ${renderDamage(first)}`);
    lines.push(...damages.slice(1, SAID).map((each) => `  also ${renderDamage(each)}`));
    if (damaged > SAID) lines.push(`  and ${grouped(damaged - Math.min(SAID, damages.length))} more`);
  } else if (writers.some(({ records, covered }) => records > 0 && covered === 0)) {
    lines.push("The chain holds, but of what no checkpoint covers nobody's signature says that it is whole.");
  } else lines.push("Sound.");
  lines.push(...remarks.map((remark) => `Note: ${remark}`));
  return lines.map((line) => `${line}\n`).join("");
}

function renderWriter(
  { writer, first, records, size, checkpoints, covered, unchecked }: WriterReport,
): string {
  const from = first > 0 ? ` (from ${grouped(first)} on; those before were removed)` : "";
  const open = size - Math.max(first, covered);
  const tail = size === first || open === 0
    ? "all covered"
    : covered === 0
    ? "no record is covered"
    : `the last ${grouped(open)} (${grouped(covered)} to ${grouped(size - 1)}) covered by none`;
  const not = unchecked > 0 ? `, ${grouped(unchecked)} not comparable` : "";
  return `${writer}: ${counted(records, "record")}${from}, ${
    counted(checkpoints, "checkpoint")
  } hold${not}, ${tail}.`;
}

function renderDamage({ kind, writer, seq, where, why }: Damage): string {
  const which = [writer, seq === undefined ? undefined : `record ${seq}`].filter((part) =>
    part !== undefined
  );
  const place = where === undefined ? "" : ` (${where})`;
  return `${kind}: ${which.length > 0 ? `${which.join(" ")}: ` : ""}${why}${place}.`;
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
