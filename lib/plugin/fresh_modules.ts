import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type ModuleFiles, moduleRoot } from "./module_files.ts";

/**
 * Other addresses of modules that have changed. The run-time loads each address once, imports included; so a changed
 * module is loaded through a link to its folder that it was never loaded through. The links stay until the end, for what
 * a plugin imports late or reads beside itself.
 */
export class FreshModules implements AsyncDisposable {
  #folder: string | undefined;
  /** Address of each link, and of the folder it leads to. */
  readonly #links: [link: string, root: string][] = [];

  /**
   * An address under which nothing of this module was loaded yet.
   * @throws {Error} the folder for temporary files can't be written to.
   */
  async address({ file, files }: ModuleFiles): Promise<URL> {
    try {
      this.#folder ??= await Deno.makeTempDir({ prefix: "capstan-plugins-" });
      const root = moduleRoot(files);
      const link = join(this.#folder, String(this.#links.length + 1));
      // Without special rights Windows makes this kind alone.
      await Deno.symlink(root, link, { type: "junction" });
      this.#links.push([`${pathToFileURL(link).href}/`, pathToFileURL(join(root, "/")).href]);
      return pathToFileURL(join(link, relative(root, file)));
    } catch (cause) {
      throw new Error(
        `Cannot load ${file} again: there is no writable folder for temporary files; set TMPDIR`,
        { cause },
      );
    }
  }

  /** A message of the run-time's, with the files as their authors know them. */
  named(message: string): string {
    return this.#links.reduce((text, [link, root]) => text.replaceAll(link, root), message);
  }

  /** Removes the links, not what they lead to. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
