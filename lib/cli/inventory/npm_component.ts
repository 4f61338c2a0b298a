import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readJson } from "../../json/read_json.ts";
import type { Component, LicenseText } from "./component.ts";

/** deno.lock, as far as it is read here. */
export interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** What a package.json says here. Old ones have a list of licences, each with a type. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
}

const TEXTS = /^(licen[cs]e|notice|copying)/i;

/**
 * A package of npm by the folder it was unpacked into.
 * @throws {Error} it names no licence: nobody may pass it on.
 */
export async function npmComponent(folder: string, lock: LockFile): Promise<Component> {
  const manifest: Manifest = readJson(await readFile(join(folder, "package.json"), "utf8"));
  const { name, version } = manifest;
  const license = licenseOf(manifest);
  if (license === undefined) {
    throw new Error(
      `Cannot list ${name} ${version}: its package.json names no licence; leave it out of the program`,
    );
  }
  const integrity = Object.entries(lock.npm).find(([key]) =>
    key === `${name}@${version}` || key.startsWith(`${name}@${version}_`)
  )?.[1].integrity;
  return {
    name,
    version,
    license,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    ...(integrity === undefined ? {} : { sha512: hexOf(integrity) }),
    texts: await textsIn(folder),
  };
}

function licenseOf({ license, licenses }: Manifest): string | undefined {
  if (typeof license === "string") return license;
  if (license !== undefined) return license.type;
  return licenses === undefined || licenses.length === 0
    ? undefined
    : licenses.map(({ type }) => type).join(" OR ");
}

async function textsIn(folder: string): Promise<LicenseText[]> {
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) =>
    entry.isFile() && TEXTS.test(entry.name)
  );
  return await Promise.all(
    files.map(({ name }) => name).sort().map(async (file) => ({
      file,
      text: (await readFile(join(folder, file), "utf8")).replaceAll("\r\n", "\n").trim(),
    })),
  );
}

/** `sha512-` and base64, as lock files have it. */
function hexOf(integrity: string): string {
  return Uint8Array.fromBase64(integrity.replace("sha512-", "")).toHex();
}
