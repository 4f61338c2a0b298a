import type { AgentUnderTest } from "./agent.ts";
import { measure, type Measured, rate, ratio } from "./kafka_rounds.ts";
import { denoSide, type Side } from "./kafka_side.ts";
import type { PythonPackages } from "./python_packages.ts";
import { median, short, table } from "./table.ts";

/** The Python packages of the peer. */
export const auditPackages = ["ractogateway==0.2.1", "kafka-python==3.0.12"];

/** What logging is measured with. */
export interface AuditLogRun {
  bootstrap: string;
  /** Path of the SQLite file of a local log. */
  file: string;
  /** Agents that run, on the local log and on Kafka. */
  agents: { local: AgentUnderTest; kafka: AgentUnderTest };
  packages: PythonPackages;
  rounds: number;
  records: number;
}

interface LogSide extends Side {
  /** What it is held against: the peer's own way, or with as many in flight. */
  wait: boolean;
}

/** Entries logged a second, ours beside ractogateway's. */
export async function auditLog(run: AuditLogRun): Promise<string> {
  const sides = [...ours(run), ...theirs(run.packages)];
  const measured = await measure({
    bootstrap: run.bootstrap,
    sides,
    rounds: run.rounds,
    request: { topic: "logged", output: "", records: run.records, bytes: 0 },
  });
  const find = (name: string) => measured.find(({ side }) => side.name === name);
  const [one, many, unawaited] = [find(ONE), find(MANY), find(UNAWAITED)];
  const against = (each: Measured, peer: Measured | undefined) =>
    peer ? `${short(ratio(each, peer, rate))} ×` : "";
  const rows = measured.map((each) => {
    const waits = sides.find(({ name }) => name === each.side.name)?.wait ?? false;
    return [
      each.side.name,
      short(median(each.rounds.map(rate)) / 1_000),
      ...(waits ? [against(each, one), against(each, many)] : [against(each, unawaited), ""]),
      short(median(each.rounds.map(({ cpuSeconds, records }) => cpuSeconds / records)) * 1e6),
    ];
  });
  const head = ["logging 0.9 KB", "k records/s", "of ractogateway's", "of its 64 threads", "µs CPU a record"];
  return table(head, rows);
}

const ONE = "ractogateway, wait=True";
const MANY = "ractogateway, wait=True, 64 threads";
const UNAWAITED = "ractogateway, wait=False";

function ours({ file, agents }: AuditLogRun): LogSide[] {
  const logger = (name: string, way: string, wait: boolean): LogSide => ({
    ...denoSide({ name, kind: "ours" }, "../audit_sides/logger_side", way),
    wait,
  });
  const agent = (name: string, way: string): LogSide => ({
    ...denoSide({ name, kind: "ours" }, "../audit_sides/agent_side", way),
    wait: true,
  });
  const [local, kafka] = [agents.local, agents.kafka].map(({ adminPort }) => `http://127.0.0.1:${adminPort}`);
  return [
    logger("AuditLogger on Kafka, 64 in flight", "kafka wait", true),
    logger("AuditLogger on a local log, 64 in flight", `${file} wait`, true),
    agent("POST /v1/audit, local log, 64 in flight", `${local} 1`),
    agent("POST /v1/audit, agent on Kafka, 64 in flight", `${kafka} 1`),
    agent("POST /v1/audit, lists of 50, 64 in flight", `${local} 50`),
    logger("AuditLogger on Kafka, wait: false", "kafka flush", false),
    logger("AuditLogger on a local log, wait: false", `${file} flush`, false),
  ];
}

function theirs(packages: PythonPackages): LogSide[] {
  if (!auditPackages.every(packages.has)) return [];
  const program = new URL("./audit_sides/ractogateway_side.py", import.meta.url).pathname;
  const side = (
    name: string,
    { way, share, wait }: { way: string; share: number; wait: boolean },
  ): LogSide => ({
    name,
    kind: "peer",
    share,
    wait,
    command: (bootstrap) => [packages.python, program, bootstrap, way],
  });
  return [
    side(ONE, { way: "1", share: 0.02, wait: true }),
    side(MANY, { way: "64", share: 0.1, wait: true }),
    side(UNAWAITED, { way: "flush", share: 0.2, wait: false }),
  ];
}
