const out = new URL("./out/", import.meta.url).pathname;
const folder = `${out}kafka`;

/** Python packages in an environment of their own. */
export interface PythonPackages {
  /** Versions, and a line for each that is left out. */
  lines: string[];
  /** Whether the package is there. */
  has(wanted: string): boolean;
  /** The interpreter that sees them. */
  python: string;
}

/** Installs packages (`name==version`) into `out/`; one that does not install is a line. */
export async function pythonPackages(wanted: readonly string[]): Promise<PythonPackages> {
  const there = new Set<string>();
  const lines: string[] = [];
  const venv = await failure(["python3", "-m", "venv", folder]);
  for (const each of wanted) {
    const missing = venv ?? await failure([`${folder}/bin/pip`, "install", "--quiet", each]);
    if (missing === undefined) there.add(each);
    lines.push(missing === undefined ? each.replace("==", " ") : `${each} is left out: ${missing}`);
  }
  return { lines, has: (each) => there.has(each), python: `${folder}/bin/python3` };
}

/** Why a command failed. */
export async function failure([program = "", ...args]: string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" })
      .output();
    return success ? undefined : `${program} failed: ${new TextDecoder().decode(stderr).slice(0, 200)}`;
  } catch (cause) {
    return cause instanceof Deno.errors.NotFound ? `${program} is not installed` : String(cause);
  }
}
