import { Ajv } from "ajv";
import manifest from "@cyclonedx/cyclonedx-library/package.json" with { type: "json" };

/** What CycloneDX's own JSON Schema says against a bill of materials; nothing where it has no objection. */
export async function objections(bill: unknown): Promise<unknown[]> {
  const folder = new URL("./res/schema/", import.meta.resolve(`${manifest.name}/package.json`));
  const read = async (name: string) => JSON.parse(await Deno.readTextFile(new URL(name, folder)));
  // Formats are left to the eye: dates and addresses are few here.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  // The bill's schema names the others by their files' names beside its own.
  for (const name of ["spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"]) {
    ajv.addSchema(await read(name), `http://cyclonedx.org/schema/${name}`);
  }
  const validate = ajv.compile(await read("bom-1.6.SNAPSHOT.schema.json"));
  return validate(bill) ? [] : validate.errors ?? [];
}
