import assert from "node:assert/strict";

/** What `deno info --json` says of a module. */
interface Info {
  roots: string[];
  redirects: Record<string, string>;
  modules: {
    specifier: string;
    dependencies?: { specifier: string; code?: { specifier?: string }; isDynamic?: boolean }[];
  }[];
}

Deno.test("importing mod.ts loads neither the Kafka client nor SQLite", async () => {
  const root = new URL("../../../mod.ts", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", root.href] })
    .output();
  const info: Info = JSON.parse(new TextDecoder().decode(stdout));
  const modules = new Map(info.modules.map((each) => [each.specifier, each]));
  const loaded = new Set<string>();
  const load = (specifier: string) => {
    if (loaded.has(specifier)) return;
    loaded.add(specifier);
    for (const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) load(code.specifier);
    }
  };
  load(root.href);
  assert.ok(loaded.size > 20);
  assert.deepEqual([...loaded].filter((each) => /@platformatic|node:sqlite/.test(each)), []);
});
