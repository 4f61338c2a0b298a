/**
 * The audit trail: entries logged a second, beside ractogateway's logger; the proxy with the trail on and off; records
 * sealed a second; records verified a second. Medians over the rounds, ratios round by round.
 * `deno task bench audit [--only log|proxy|trail|verify] [--rounds N] [--scale N]`
 */
import { parseArgs } from "node:util";
import { KafkaBus } from "../../lib/bus/kafka/kafka_bus.ts";
import { startBroker } from "../kafka/broker.ts";
import { kafkaAvailable } from "../kafka/jars.ts";
import { silent } from "../lib/bus/kafka/bench.ts";
import { agentCommand } from "./agent.ts";
import { auditLog, auditPackages } from "./audit_log.ts";
import { auditProxy } from "./audit_proxy.ts";
import { auditTrail } from "./audit_trail.ts";
import { auditVerify } from "./audit_verify.ts";
import { start } from "./process.ts";
import { pythonPackages } from "./python_packages.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    scale: { type: "string", default: "1" },
  },
});
const rounds = Number(values.rounds);
const scale = Number(values.scale);
const AUDIT = "[plugins.audit]\nenabled = true";
const parts: Readonly<Record<string, () => Promise<void>>> = { log, proxy, trail, verify };
for (const [name, run] of Object.entries(parts)) {
  if (values.only === undefined || values.only === name) await run();
}
Deno.exit(0);

async function proxy(): Promise<void> {
  console.log(await auditProxy({ audit: AUDIT, rounds, scale }));
}

async function trail(): Promise<void> {
  console.log(await auditTrail({ records: Math.round(40_000 * scale), batch: 32 }));
}

async function verify(): Promise<void> {
  console.log(
    await auditVerify({ audit: AUDIT, records: Math.round(100_000 * scale), rounds: Math.min(3, rounds) }),
  );
}

async function log(): Promise<void> {
  const available = await kafkaAvailable();
  if (!available.ok) {
    console.log(`logging is left out: ${available.missing} not found; install Java 17 and Maven`);
    return;
  }
  const packages = await pythonPackages(auditPackages);
  for (const line of packages.lines) console.log(line);
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker());
  const bus = new KafkaBus({ bootstrapServers: [broker.bootstrap], clientId: "bench" }, { log: silent });
  await bus.topics.apply([{ name: "logged", partitions: 6 }]);
  await bus.close();
  const agent = async (more: string) => {
    const made = await agentCommand({ upstream: "http://127.0.0.1:9", more });
    stack.defer(() => made.remove());
    stack.use(await start(made.command, { ready: { port: made.adminPort } }));
    return made;
  };
  const local = await agent(AUDIT);
  const kafka = await agent(`${AUDIT}\n[kafka]\nbootstrap_servers = ["${broker.bootstrap}"]`);
  const file = `${local.dir}/logger.sqlite`;
  const run = { bootstrap: broker.bootstrap, file, agents: { local, kafka }, packages, rounds };
  console.log(await auditLog({ ...run, records: Math.round(4_000 * scale) }));
}
