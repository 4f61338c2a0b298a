import type { Caller, PluginContext, PluginStore } from "capstan";
import type { Intake } from "../intake/intake.ts";
import type { Keyring } from "../seal/keyring.ts";
import { accessRecord } from "./access_record.ts";
import { findRecords } from "./find_records.ts";
import { selectionOf, type Wanted } from "./selection.ts";

/** What reading over HTTP needs. */
export interface RecordsOptions {
  readonly store: PluginStore;
  readonly intake: Pick<Intake, "take">;
  /** The keys; `undefined` before the start. */
  keyring(): Keyring | undefined;
}

/** Records in one answer at most, and where the request says nothing. */
const MOST = 1_000;
const USUAL = 50;

/** Registers `GET /v1/audit/records`. An answer goes out once it is durable that it was asked for. */
export function registerRecords(ctx: Pick<PluginContext, "redact" | "route">, options: RecordsOptions): void {
  const names = (name: string) => [...new Set([name, ctx.redact.identity(name)])];
  ctx.route(
    "GET",
    "/v1/audit/records",
    (request, _, caller) => answer(new URL(request.url).searchParams, caller, { ...options, names }),
    { role: "audit" },
  );
}

async function answer(
  query: URLSearchParams,
  { name, tenant: only }: Caller,
  { store, intake, keyring: current, names }: RecordsOptions & { names(name: string): readonly string[] },
): Promise<Response> {
  const keyring = current();
  if (!keyring) return refuse(503, "the audit trail's keys are not open; try again later");
  const limit = Number(query.get("limit") ?? USUAL);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST) return refuse(400, `limit is 1 to ${MOST}`);
  const text = (key: string) => query.get(key) ?? undefined;
  const time = (key: string) => query.has(key) ? Date.parse(query.get(key) ?? "") : undefined;
  const [fromMs, toMs] = [time("from"), time("to")];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return refuse(400, "from and to are times as RFC 3339");
  if (only !== undefined && query.has("tenant") && query.get("tenant") !== only) {
    return refuse(403, "it is another tenant's than the caller's");
  }
  const wanted: Wanted = { user: text("user"), tenant: only ?? text("tenant"), fromMs, toMs };
  const selection = store.read((db) => selectionOf(db, wanted, { keyring, names }));
  const filter = { limit, text: text("text"), model: text("model"), outcome: text("outcome") };
  const found = await findRecords({ read: (work) => store.read(work), keyring, selection }, filter);
  await intake.take([
    accessRecord({
      action: "read",
      actor: name === "" ? "unknown" : name,
      wanted,
      subjects: selection.subjects,
      records: found.length,
      text: filter.text !== undefined,
    }),
  ]);
  return Response.json({
    records: found.map(({ record, hash, content, erased }) => ({ record, hash, content, erased })),
  });
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
