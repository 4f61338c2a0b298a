import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Bundle } from "./bundle.ts";
import { PERMISSIONS } from "./permissions.ts";
import { tar } from "./tar.ts";

/** What the executable is made of. */
export interface SelfExtractingParts {
  bundle: Bundle;
  /** Path of the target's deno. */
  deno: string;
  version: string;
  /** Path of the file to write. */
  output: string;
}

/** Writes a POSIX shell script with the archive of deno and bundle behind it. Returns its size in bytes. */
export async function writeSelfExtracting(parts: SelfExtractingParts): Promise<number> {
  const archive = gzipSync(await tarOf(parts), { level: 9 });
  const sha256 = createHash("sha256").update(archive).digest("hex");
  const script = await launcher({ version: parts.version, sha256, bytes: archive.length });
  const file = await Deno.open(parts.output, { write: true, create: true, truncate: true, mode: 0o755 });
  try {
    for (const part of [script, archive]) await writeAll(file, part);
  } finally {
    file.close();
  }
  await Deno.chmod(parts.output, 0o755);
  return script.length + archive.length;
}

async function tarOf({ bundle, deno }: SelfExtractingParts): Promise<Uint8Array> {
  const files = [{ name: "deno", path: deno, mode: "755" }];
  for (const name of bundle.files) files.push({ name, path: join(bundle.folder, name), mode: "644" });
  return tar(
    await Promise.all(files.map(async ({ name, path, mode }) => ({
      name,
      mode,
      data: await Deno.readFile(path),
    }))),
  );
}

/** The script says where the archive begins, so its own length is part of its text. */
async function launcher(
  values: { version: string; sha256: string; bytes: number },
): Promise<Uint8Array> {
  const template = await Deno.readTextFile(new URL("./launcher.sh", import.meta.url));
  const filled = template
    .replaceAll("@VERSION@", values.version)
    .replaceAll("@ID@", values.sha256.slice(0, 32))
    .replaceAll("@SHA256@", values.sha256)
    .replaceAll("@BYTES@", String(values.bytes))
    .replaceAll("@PERMISSIONS@", PERMISSIONS.join(" "));
  const encoder = new TextEncoder();
  const width = "@BEHIND@".length;
  const behind = String(encoder.encode(filled).length + 1).padStart(width, "0").replace(/^0+/, "");
  // As long as what it stands for, so that the figure stays right.
  return encoder.encode(filled.replace("@BEHIND@", behind.padEnd(width, " ")));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
