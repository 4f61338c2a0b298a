import type { Component } from "./component.ts";

/** The program that the components are of. */
export interface Product {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** The commit it was made from, or `unknown`. */
  readonly commit: string;
}

/**
 * A bill of materials: CycloneDX 1.6, as JSON. The same program gives the same text: it has no time and no random number.
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function cycloneDx(product: Product, components: readonly Component[]): string {
  const self = `pkg:generic/${product.name}@${product.version}`;
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": self,
        name: product.name,
        version: product.version,
        licenses: licensesOf(product.license),
        purl: self,
        properties: [{ name: "capstan:commit", value: product.commit }],
      },
    },
    components: components.map((component) => ({
      type: isPackage(component) ? "library" : "platform",
      "bom-ref": component.purl,
      ...namesOf(component.name),
      version: component.version,
      scope: "required",
      ...(component.sha512 === undefined ? {} : { hashes: [{ alg: "SHA-512", content: component.sha512 }] }),
      licenses: licensesOf(component.license),
      purl: component.purl,
    })),
    dependencies: [{ ref: self, dependsOn: components.map(({ purl }) => purl) }],
    // The packages are all there are; what the run-time was built from is not known here.
    compositions: [
      { aggregate: "complete", dependencies: [self] },
      {
        aggregate: "incomplete",
        assemblies: components.filter((each) => !isPackage(each)).map(({ purl }) => purl),
      },
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function isPackage({ purl }: Component): boolean {
  return purl.startsWith("pkg:npm/");
}

function namesOf(name: string): { group?: string; name: string } {
  const [group = "", own] = name.split("/");
  return own === undefined ? { name } : { group, name: own };
}

/** One licence has a place for its id, several stand in an expression. */
function licensesOf(license: string): readonly unknown[] {
  return /^[\w.+-]+$/.test(license) ? [{ license: { id: license } }] : [{ expression: license }];
}
