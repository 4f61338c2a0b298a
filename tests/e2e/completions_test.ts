import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCommand } from "./has_command.ts";
import { tempDir } from "./temp_dir.ts";

/** A shell with `capstan` on its path, which says what it was called with unless it is asked about completion. */
interface Shell extends AsyncDisposable {
  /** Runs a script; resolves with its output. */
  run(script: string): Promise<string>;
}

async function openShell(command: readonly string[]): Promise<Shell> {
  const dir = await tempDir();
  const executable = Deno.env.get("CAPSTAN_EXECUTABLE");
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const program = executable ?? `${Deno.execPath()} run -A --no-check --config ${config} ${main}`;
  await Deno.writeTextFile(
    join(dir.path, "capstan"),
    `#!/bin/sh\ncase $1 in __complete | completions) exec ${program} "$@" ;; esac\necho "ran: $*"\n`,
    { mode: 0o755 },
  );
  await Deno.mkdir(join(dir.path, "data folder"));
  await Deno.writeTextFile(join(dir.path, "data.sqlite"), "");
  return {
    async run(script) {
      const [name = "", ...args] = command;
      // A prompt that never says what is waited for would wait for ever.
      const stuck = new AbortController();
      const timer = setTimeout(() => stuck.abort(), 120_000);
      const { stdout, stderr } = await new Deno.Command(name, {
        args: [...args, script],
        cwd: dir.path,
        env: { PATH: `${dir.path}:${Deno.env.get("PATH")}`, NO_COLOR: "1", TERM: "dumb" },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        signal: stuck.signal,
      }).output().finally(() => clearTimeout(timer));
      assert.equal(new TextDecoder().decode(stderr), "");
      return new TextDecoder().decode(stdout);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Lines typed, and what is offered for their last word. */
const CASES: readonly { typed: string; offered: readonly string[] }[] = [
  { typed: "capstan tail tapes.n", offered: ["tapes.nodes.v1"] },
  { typed: "capstan config s", offered: ["schema", "set", "show"] },
  { typed: "capstan run --provider o", offered: ["ollama", "openai"] },
  { typed: "capstan outbox ", offered: ["drain", "status"] },
  { typed: "capstan status --sq", offered: ["--sqlite"] },
  { typed: "capstan status --sqlite data.", offered: ["data.sqlite"] },
  { typed: "capstan show nothing-is-known-of-hashes", offered: [] },
];

Deno.test({
  name: "bash completes commands, flags, values, topics and paths",
  ignore: !hasCommand("bash"),
  async fn(t) {
    await using shell = await openShell(["bash", "--norc", "-c"]);
    const ask = (typed: string) =>
      shell.run(`eval "$(capstan completions bash)"
        COMP_LINE='${typed}' COMP_POINT=${typed.length}
        _capstan capstan
        [ \${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`);
    for (const { typed, offered } of CASES) {
      await t.step(typed, async () => {
        assert.deepEqual((await ask(typed)).split("\n").filter(Boolean).sort(), offered);
      });
    }
    await t.step("bash's words end at = and :, so what stands before them is not said again", async () => {
      assert.equal(await ask("capstan run --provider=an"), "anthropic\n");
      assert.equal(await ask("capstan run --config-dir=data"), "data folder\n");
    });
    await t.step("what is typed is not run", async () => {
      assert.equal(await ask("capstan tail $(touch made; echo tapes.n) `touch made`"), "");
      assert.equal(await shell.run("ls"), "capstan\ndata folder\ndata.sqlite\n");
    });
  },
});

Deno.test({
  name: "fish completes commands, flags, values, topics and paths",
  ignore: !hasCommand("fish"),
  async fn(t) {
    await using shell = await openShell(["fish", "--no-config", "-c"]);
    const ask = (typed: string) => shell.run(`capstan completions fish | source; complete -C '${typed}'`);
    for (const { typed, offered } of CASES) {
      await t.step(typed, async () => {
        const lines = (await ask(typed)).split("\n").filter(Boolean);
        assert.deepEqual(lines.map((line) => line.split("\t")[0]).sort(), offered);
      });
    }
    await t.step("behind =, and with what a candidate means", async () => {
      assert.equal(await ask("capstan run --provider=an"), "--provider=anthropic\n");
      assert.match(await ask("capstan run --config-dir=data"), /^--config-dir=data.*folder\//);
      assert.match(await ask("capstan config sh"), /^show\tPrint every setting/);
    });
  },
});

Deno.test({
  name: "zsh completes at its prompt: topics, values behind =, and paths",
  ignore: !hasCommand("zsh"),
  async fn() {
    await using shell = await openShell(["zsh", "-f", "-c"]);
    // A real prompt in a terminal of its own; each read waits for what it names.
    const said = await shell.run(`zmodload zsh/zpty
      zpty z zsh -f -i
      zpty -w z "autoload -Uz compinit; compinit -u -D; eval \\"\\$(capstan completions zsh)\\"; echo rea''dy"
      zpty -r z said '*ready*'
      type() { zpty -w -n z "$1"$'\\t \\n'; zpty -r z said "*ran: *$2*"; print -r -- "$\{said#*ran: }"; }
      type 'capstan tail tapes.n' v1
      type 'capstan run --provider=an' anthropic
      type 'capstan status --sqlite data.' data.sqlite
      zpty -d z`.replaceAll("$\\{", "${"));
    const lines = said.split(/\r?\n/).map((line) => line.trim());
    for (
      const wanted of ["tail tapes.nodes.v1", "run --provider=anthropic", "status --sqlite data.sqlite"]
    ) assert.ok(lines.includes(wanted), said);
  },
});
