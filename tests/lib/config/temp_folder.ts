import { join } from "node:path";

/** A home and a project below it, removed when the test ends. */
export interface TempFolder extends Disposable {
  /** The whole of it. */
  readonly root: string;
  /** A user's home. */
  readonly home: string;
  /** A folder below the home. */
  readonly project: string;
  /** An environment with that home alone. */
  readonly env: Record<string, string>;
  /** Writes a file and makes its folders. */
  write(path: string, text: string): string;
}

/** Makes a temporary folder. */
export function tempFolder(): TempFolder {
  const root = Deno.realPathSync(Deno.makeTempDirSync());
  const home = join(root, "home");
  const project = join(home, "work", "project");
  Deno.mkdirSync(project, { recursive: true });
  return {
    root,
    home,
    project,
    env: { HOME: home },
    write(path, text) {
      const file = join(root, path);
      Deno.mkdirSync(join(file, ".."), { recursive: true });
      Deno.writeTextFileSync(file, text);
      return file;
    },
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}
