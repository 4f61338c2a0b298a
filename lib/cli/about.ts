import process from "node:process";
import manifest from "../../deno.json" with { type: "json" };
import { LOG_MIGRATIONS } from "../bus/local/schema.ts";
import { sqliteVersion } from "../store/sqlite_version.ts";
import { build, VERSION } from "./build.ts";

/** What a report of a fault should say of the program. */
export interface About {
  /** The program's own version. */
  readonly version: string;
  /** The commit it was made from, or `unknown`. */
  readonly commit: string;
  /** System and processor: `linux x86_64`. */
  readonly platform: string;
  /** The JavaScript run-time. */
  readonly runtime: { readonly deno: string; readonly v8: string };
  /** The bus: the Kafka client, and the version of the tables of the log in the file. */
  readonly bus: { readonly kafka: string; readonly log: number };
  /** Version of SQLite. */
  readonly sqlite: string;
}

const KAFKA = "@platformatic/kafka";

/** Asks everything the program is made of for its version. The Kafka client is not loaded for it: it is pinned. */
export async function about(): Promise<About> {
  return {
    version: VERSION,
    commit: (await build()).commit,
    platform: `${Deno.build.os} ${Deno.build.arch}`,
    runtime: { deno: Deno.version.deno, v8: process.versions.v8 ?? Deno.version.v8 },
    bus: {
      kafka: manifest.imports[KAFKA].replace(`npm:${KAFKA}@`, ""),
      log: Math.max(...LOG_MIGRATIONS.map(({ version }) => version)),
    },
    sqlite: sqliteVersion(),
  };
}
