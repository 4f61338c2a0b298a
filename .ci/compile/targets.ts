/** What an executable can be made for: Rust's names, as `deno compile --target` has them. */
export const TARGETS = {
  "x86_64-unknown-linux-gnu": { npm: "@deno/linux-x64-glibc", os: "linux", arch: "x86_64" },
  "aarch64-unknown-linux-gnu": { npm: "@deno/linux-arm64-glibc", os: "linux", arch: "aarch64" },
  "x86_64-apple-darwin": { npm: "@deno/darwin-x64", os: "darwin", arch: "x86_64" },
  "aarch64-apple-darwin": { npm: "@deno/darwin-arm64", os: "darwin", arch: "aarch64" },
  "x86_64-pc-windows-msvc": { npm: "@deno/win32-x64", os: "windows", arch: "x86_64" },
} as const;

/** One of them. */
export type Target = keyof typeof TARGETS;

/**
 * The target of that name.
 * @throws {TypeError} there is none.
 */
export function targetNamed(name: string): Target {
  const found = names().find((each) => each === name);
  if (found !== undefined) return found;
  throw new TypeError(`Cannot compile for ${name}: known are ${names().join(", ")}`);
}

/** This machine's. */
export function ownTarget(): Target {
  return targetNamed(Deno.build.target);
}

function names(): Target[] {
  return Object.keys(TARGETS) as Target[];
}
