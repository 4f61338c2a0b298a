/** The file and its log of writes. The third one, memory that connections share, is no concern of the disk's. */
const PARTS = ["", "-wal"];

function chattr(change: "+i" | "-i", paths: readonly string[]): boolean {
  try {
    return new Deno.Command("chattr", { args: [change, ...paths], stdout: "null", stderr: "null" })
      .outputSync()
      .success;
  } catch {
    // No such program on this system.
    return false;
  }
}

/** Whether files can't be made read-only for those that have them open; that takes a superuser and a Linux disk. */
export const withoutImmutable: boolean = (() => {
  const probe = Deno.makeTempFileSync({ prefix: "capstan-immutable-" });
  try {
    return !chattr("+i", [probe]);
  } finally {
    chattr("-i", [probe]);
    Deno.removeSync(probe);
  }
})();

if (withoutImmutable) console.log("Tests of files that become read-only need root and chattr: ignored.");

/** Lets nobody write to a store's file, not even who has it open, as on a disk that became read-only, until disposed of. */
export function makeReadOnly(file: string): Disposable {
  const paths = PARTS.map((part) => `${file}${part}`);
  if (!chattr("+i", paths)) throw new Error(`Cannot make ${file} read-only: chattr refused`);
  return {
    [Symbol.dispose]() {
      chattr("-i", paths);
    },
  };
}
