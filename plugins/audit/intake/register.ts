import type { PluginContext } from "capstan";
import type { Keyring } from "../seal/keyring.ts";
import type { Settings } from "../settings.ts";
import { INTAKE_TOPIC } from "../trail/topics.ts";
import { api } from "./api.ts";
import { Intake } from "./intake.ts";

/** Registers `POST /v1/audit` on the admin listener. */
export function registerIntake(
  ctx: Pick<PluginContext, "counter" | "gauge" | "now" | "producer" | "redact" | "route">,
  settings: Pick<Settings, "api">,
  keyring: () => Keyring | undefined,
): Intake {
  const { max_body, max_items, max_waiting } = settings.api;
  const intake = new Intake({ producer: ctx.producer(INTAKE_TOPIC), maxWaiting: max_waiting, keyring });
  const requests = ctx.counter({
    name: "api_requests_total",
    help: "Requests that brought entries, by the status they were answered with.",
    labels: ["status"],
  });
  ctx.gauge({
    name: "api_waiting_bytes",
    help: "Bytes of entries that wait for the disk.",
    collect: () => intake.waiting,
  });
  const appOf = (tenant?: string) =>
    api({
      intake,
      redact: ctx.redact,
      limits: { maxBytes: max_body, maxItems: max_items },
      now: () => ctx.now(),
      tenant,
      count: (status) => requests.inc({ status: String(status) }),
    });
  const any = appOf();
  ctx.route(
    "POST",
    "/v1/audit",
    (request, _, { tenant }) => (tenant === undefined ? any : appOf(tenant)).fetch(request),
    { role: "audit" },
  );
  return intake;
}
