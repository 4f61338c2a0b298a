import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { fakeIo } from "./fake_io.ts";

/** An empty folder. */
async function place(config = "") {
  const dir = await Deno.makeTempDir({ prefix: "capstan-cli-" });
  await Deno.writeTextFile(`${dir}/config.toml`, config);
  return {
    dir,
    async capstan(line: string, stdin = "") {
      const { io, said } = fakeIo({ stdin, env: { HOME: dir }, cwd: dir });
      const code = await main({ argv: [...line.split(" "), "--config-dir", dir], plugins: [], io });
      return { code, ...said };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

const TEXT = "Write to ann@example.org\nor E-123456, card\t4111 1111 1111 1111\n";

Deno.test("redact test shows place, rule and what becomes of it, of standard input or a file, and makes no key", async () => {
  await using at = await place(
    `[redact.actions]\ncard = "drop"\n[redact.patterns.employee]\npattern = 'E-\\d{6}'\naction = "hash"\n`,
  );
  const { code, out } = await at.capstan("redact test -", TEXT);
  assert.equal(code, 0);
  assert.match(
    out,
    /^place +rule +begins +becomes\n1:10 +email +ann@… \(15\) +\[email\]\n2:4 +employee +E-… \(8\) +\[employee:[0-9a-f]{12}\]\n2:19 +card +4111… \(19\) +nothing\n\n3 places\n$/,
  );
  await Deno.writeTextFile(`${at.dir}/notes.txt`, TEXT);
  const json = JSON.parse((await at.capstan("redact test notes.txt --json")).out);
  assert.deepEqual(json.found[0], {
    rule: "email",
    line: 1,
    column: 10,
    length: 15,
    begins: "ann@",
    becomes: "[email]",
  });
  assert.equal((await at.capstan("redact test", "nothing here\n")).out, "nothing would be taken out\n");
  assert.match(
    (await at.capstan("redact test none.txt")).error,
    /Cannot read none.txt: .*; name a text file/,
  );
  const files = [...Deno.readDirSync(at.dir)].map(({ name }) => name).sort();
  assert.deepEqual(files, ["config.toml", "notes.txt"]);
});

Deno.test("redact scan counts what is stored already, by place and rule, and shows none of it", async () => {
  await using at = await place();
  await at.capstan(
    "publish notes --create -k ann@example.org",
    '{"of":"bob@example.org"}\n{"of":"cy@example.org"}\n',
  );
  {
    await using store = await openStore({ file: `${at.dir}/capstan.sqlite` });
    await store.write((tx) => {
      tx.run("CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT, more BLOB)");
      tx.run("CREATE TABLE pairs (a TEXT, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID");
      for (let n = 0; n < 700; n++) tx.run("INSERT INTO pairs (a, b) VALUES (?, ?)", `a${n % 3}`, n);
      tx.run("INSERT INTO pairs (a, b) VALUES ('zoe@example.org', 1)");
      for (let n = 0; n < 1_001; n++) tx.run("INSERT INTO things (text) VALUES (?)", `thing ${n}`);
      tx.run(
        "INSERT INTO things (text, more) VALUES (?, ?)",
        "203.0.113.7",
        new TextEncoder().encode("4111111111111111"),
      );
    });
  }
  const { code, out } = await at.capstan("redact scan");
  assert.equal(code, 0);
  assert.match(out, /^topic notes +email +4 /m);
  assert.match(out, /^table pairs +email +1 /m);
  assert.match(out, /^table things +ip +1 /m);
  assert.match(out, /^table things +card +1 /m);
  assert.match(out, /^looked through 1,\d{3} rows and records: 7 found$/m);
  assert.doesNotMatch(out, /example\.org|203\.0|11111/);
  const { found } = JSON.parse((await at.capstan("redact scan --json")).out);
  assert.equal(found.length, 4);
});

Deno.test("publish takes out what redaction finds: of values, keys and headers", async () => {
  await using at = await place("[redact]\nenabled = true\n");
  await at.capstan(
    "publish notes --create -k ann@example.org -H of=cy@example.org",
    '{"of":"bob@example.org"}\n',
  );
  const { out } = await at.capstan("tail notes --from-beginning --no-follow --json");
  assert.match(out, /"key":"\[email:[0-9a-f]{12}\]".*"value":\{"of":"\[email\]"\}/);
  const { out: scanned } = await at.capstan("redact scan");
  assert.match(scanned, /: 0 found$/m);
});

Deno.test("a pattern, a country or a key that is none is a fault of the configuration", async () => {
  const fails = async (config: string, wanted: RegExp) => {
    await using at = await place(config);
    const { code, error } = await at.capstan("redact test", "text");
    assert.equal(code, 78, error);
    assert.match(error, wanted);
  };
  await fails(
    "[redact.patterns.x]\npattern = '(?=a)'\n",
    /Cannot use redact.patterns.x.pattern: .*without look-around/,
  );
  await fails('[redact]\nphone_country = "XX"\n', /Cannot look for phone numbers of XX/);
  await fails('[redact]\nkey = "short"\n', /Cannot use the key of redact.key: it is 3 bytes long/);
});
