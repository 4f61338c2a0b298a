/** Something of others that the program contains. */
export interface Component {
  /** As its registry or its project has it: `@platformatic/kafka`, `deno`. */
  readonly name: string;
  readonly version: string;
  /** An SPDX expression: `MIT`, `(MIT OR Apache-2.0)`. */
  readonly license: string;
  /** Package URL: `pkg:npm/commander@15.1.0`. */
  readonly purl: string;
  /** SHA-512 of the package as it was published, in hexadecimal. Absent for what is no package. */
  readonly sha512?: string;
  /** Its licence and notices, word for word; none where the package has no file of them. */
  readonly texts: readonly LicenseText[];
}

/** A file that says under which conditions something may be passed on. */
export interface LicenseText {
  /** The file's name: `LICENSE`, `NOTICE`. */
  readonly file: string;
  readonly text: string;
}

/** Components by name, then version. */
export function sorted(components: readonly Component[]): Component[] {
  return components.toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
