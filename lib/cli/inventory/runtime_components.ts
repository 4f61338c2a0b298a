import process from "node:process";
import { sqliteVersion } from "../../store/sqlite_version.ts";
import type { Component } from "./component.ts";
import { BLESSING, BSD_3_CLAUSE, MIT } from "./runtime_licenses.ts";

/** The run-time that the executable carries. What Deno itself is built from stands in its own sources. */
export function runtimeComponents(): readonly Component[] {
  const deno = Deno.version.deno;
  // `15.0.245.2-rusty`: V8's own version, and that Deno's bindings were built with it.
  const v8 = (process.versions.v8 ?? Deno.version.v8).replace(/-.*$/, "");
  const sqlite = sqliteVersion();
  return [
    {
      name: "deno",
      version: deno,
      license: "MIT",
      purl: `pkg:github/denoland/deno@v${deno}`,
      texts: [{ file: "LICENSE", text: MIT("2018-2026 the Deno authors") }],
    },
    {
      name: "v8",
      version: v8,
      license: "BSD-3-Clause",
      purl: `pkg:github/v8/v8@${v8}`,
      texts: [{
        file: "LICENSE",
        text: BSD_3_CLAUSE("2006-2011, the V8 project authors. All rights reserved."),
      }],
    },
    {
      name: "sqlite",
      version: sqlite,
      license: "blessing",
      purl: `pkg:generic/sqlite@${sqlite}`,
      texts: [{ file: "LICENSE", text: BLESSING }],
    },
  ];
}
