import assert from "node:assert/strict";
import fc from "fast-check";
import { readJson } from "../../../lib/json/read_json.ts";
import { AgentRedaction } from "../../../lib/redact/agent_redaction.ts";
import type { Action } from "../../../lib/redact/settings.ts";
import { redactionWith } from "./redactor.ts";

const EVERYTHING = "Write to ann@example.org or +49 30 901820, card 4111 1111 1111 1111, " +
  "IBAN DE89 3704 0044 0532 0130 00, from 203.0.113.7 with sk-proj-abcDEF1234567890abcDEF1234567890, " +
  "DB_PASSWORD=hunter2-hunter2";

const RULES = ["api_key", "token", "iban", "card", "email", "phone", "ip"] as const;

/** Texts in which what is looked for stands beside, and within, everything else. */
const pieces = fc.array(
  fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 20 }),
    fc.constantFrom(
      ..."ann@example.org|4111 1111 1111 1111|4111111111111111|+49 30 901820|203.0.113.7|2001:db8::7|=|:|/|@|.| |[|]"
        .split("|"),
      "DE89370400440532013000",
      "sk-proj-abcDEF1234567890abcDEF1234567890",
      "https://ann:s3cret-s3cret@host.example/?token=abc123def456",
      "password=hunter2-hunter2",
      "-----BEGIN PRIVATE KEY-----\nMIIB",
      "-----END PRIVATE KEY-----",
      "[email]",
      "[email:0123456789ab]",
      "data:image/png;base64,AAAA",
      "\n",
      "\ud800",
    ),
  ),
  { maxLength: 12 },
).map((all) => all.join(""));

Deno.test("each rule takes out what it is for, and names what it took", async () => {
  const redaction = await redactionWith();
  assert.equal(
    redaction.text(EVERYTHING),
    "Write to [email] or [phone], card [card], IBAN [iban], from [ip] with [api_key], DB_PASSWORD=[token]",
  );
});

Deno.test("hash keeps apart what differs, and brings together what is written in several ways", async () => {
  const redaction = await redactionWith({ actions: { email: "hash", card: "hash" } });
  const [one, other] = [redaction.text("ann@example.org"), redaction.text("bob@example.org")];
  assert.match(one, /^\[email:[0-9a-f]{12}\]$/);
  assert.notEqual(one, other);
  assert.equal(redaction.text("Ann@Example.org"), one);
  assert.equal(redaction.text("4111-1111-1111-1111"), redaction.text("4111111111111111"));
});

Deno.test("drop leaves nothing, and off leaves everything", async () => {
  const redaction = await redactionWith({ actions: { email: "drop", ip: "off" } });
  assert.equal(redaction.text("ann@example.org at 203.0.113.7"), " at 203.0.113.7");
});

Deno.test("keys and names that differed still differ, whatever the action", async () => {
  for (const action of ["mask", "hash", "drop"] as const) {
    const redaction = await redactionWith({ actions: { email: action } });
    const [one, other] = [redaction.identity("ann@example.org"), redaction.identity("bob@example.org")];
    assert.match(one, /^\[email:[0-9a-f]{12}\]$/);
    assert.notEqual(one, other);
  }
});

Deno.test("data is redacted at every depth, keys and card numbers too, and is the same where nothing is found", async () => {
  const redaction = await redactionWith();
  const plain = { a: [1, "two", { three: null }], b: true, date: "2024-01-31T09:30:00Z", price: 12.5 };
  assert.equal(redaction.value(plain), plain);
  const value = redaction.value({
    list: [{ "ann@example.org": ["203.0.113.7", 4111111111111111] }],
    password: "hunter2!",
    max_tokens: 4096,
    token: " the",
  });
  assert.match(JSON.stringify(value), /^\{"list":\[\{"\[email:[0-9a-f]{12}\]":\["\[ip\]","\[card\]"\]\}\],/);
  assert.deepEqual({ ...value, list: [] }, {
    list: [],
    password: "[token]",
    max_tokens: 4096,
    token: " the",
  });
});

Deno.test("files in base64 are left alone", async () => {
  const redaction = await redactionWith();
  const file = "AKIAABCDEFGHIJKLMNOP/".repeat(40);
  assert.equal(redaction.text(file), file);
  const url = `data:image/png;base64,${"AKIAABCDEFGH2JKLMNOP/".repeat(4)}`;
  assert.equal(redaction.text(`see ${url} of ann@example.org`), `see ${url} of [email]`);
});

Deno.test("a deep value ends nothing", async () => {
  const redaction = await redactionWith();
  let deep: unknown = "ann@example.org";
  for (let depth = 0; depth < 3_000; depth++) deep = [deep];
  assert.doesNotMatch(JSON.stringify(redaction.value(deep)), /ann@/);
});

for (const action of ["mask", "hash", "drop"] as const) {
  const actions = Object.fromEntries(RULES.map((rule): [string, Action] => [rule, action]));

  Deno.test(`${action}: twice is the same as once, for every text`, async () => {
    const once = await redactionWith({ actions });
    const again = await redactionWith({ actions });
    fc.assert(fc.property(pieces, (text) => {
      const redacted = once.text(text);
      assert.equal(again.text(redacted), redacted);
      const name = once.identity(text);
      assert.equal(again.identity(name), name);
    }));
  });

  Deno.test(`${action}: twice is the same as once, for every value, and JSON stays JSON`, async () => {
    const redaction = await redactionWith({ actions });
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        pieces,
        fc.integer(),
        fc.constantFrom(4111111111111111, null, true),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(
          fc.oneof(pieces, fc.constantFrom("password", "token", "apiKey", "__proto__")),
          tie("any"),
          {
            maxKeys: 4,
          },
        ),
      ),
    })).any;
    fc.assert(fc.property(value, (plain) => {
      const redacted = redaction.value(readJson(JSON.stringify(plain)));
      assert.equal(JSON.stringify(redaction.value(redacted)), JSON.stringify(redacted));
      assert.equal(redaction.value(redacted), redacted);
    }));
  });
}

Deno.test("texts made to be slow take no more steps than others: each is read in time proportional to its length", async () => {
  const actions = Object.fromEntries(RULES.map((rule): [string, Action] => [rule, "drop"]));
  const every = [
    await redactionWith({ phone_country: "DE", patterns: { own: { pattern: "(x+x+)+y", action: "mask" } } }),
    await redactionWith({ actions, phone_country: "US" }),
  ];
  const repeated =
    "a|.|a.|a@|a@a.|a'a@|@a.a|%40|sk-|sk-a1|ghp_|://|a://b:|a.b+c|password=|password='|token: |password is |-----BEGIN PRIVATE KEY-----|" +
    "-----BEGIN PRIVATE KEY-----a|eyJabcdefgh.|eyJabcdefgh.eyJ|1|1 |4111 |4111-|1.1.|+1|+1 |+1 (2|+49 30 1234567 |DE89 |DE89|AB12|a:|:|::|1:2:|" +
    '[|[email|[email]|[email:|data:|data:a/a;|data:a/a;base64,|Bearer |?key=|&sig=|\\\\"|x|xy|[email]a@b.co|a@b.co4111111111111111';
  // A number of steps that grows with the square would not end within the time of a test run.
  for (const piece of repeated.split("|")) {
    for (const end of ["", "!", "@", "=", "\n"]) {
      const text = piece.repeat(Math.ceil(20_000 / Math.max(1, piece.length))) + end;
      for (const redaction of every) assert.equal(typeof redaction.text(text), "string");
    }
  }
});

Deno.test("what was sealed is opened by who has the key, in another thread too", async () => {
  const redaction = await redactionWith();
  const bytes = new TextEncoder().encode(EVERYTHING);
  const sealed = redaction.seal(bytes);
  assert.doesNotMatch(new TextDecoder("latin1").decode(sealed), /ann@|4111/);
  assert.deepEqual(redaction.open(sealed), bytes);
  assert.deepEqual((await AgentRedaction.in(structuredClone(redaction.data()))).open(sealed), bytes);
  assert.equal(redaction.open(bytes), bytes);
  const off = await redactionWith({}, false);
  assert.equal(off.seal(bytes), bytes);
  assert.deepEqual(off.open(sealed), bytes, "what was sealed before it was turned off");
  sealed[40] = (sealed[40] ?? 0) ^ 1;
  assert.throws(() => redaction.open(sealed), /Cannot open what was sealed: it was altered/);
  const isolated = await AgentRedaction.in(redaction.data({ seals: false }));
  assert.throws(() => isolated.seal(bytes), /Cannot seal by the key of redaction/);
  assert.equal(isolated.identity("ann@example.org"), redaction.identity("ann@example.org"));
});

Deno.test("own patterns are read as RE2 has them; what could take for ever is refused at the start", async () => {
  const redaction = await redactionWith({
    patterns: {
      employee: { pattern: "\\bE-\\d{6}\\b", action: "hash" },
      room: { pattern: "room (?<secret>[A-Z]\\d+)", action: "mask" },
    },
  });
  assert.match(
    redaction.text("E-123456 sits in room B12"),
    /^\[employee:[0-9a-f]{12}\] sits in room \[room\]$/,
  );
  const refused = (pattern: string) =>
    redactionWith({ patterns: { own: { pattern, action: "mask" } } }).then(() => "taken", String);
  assert.match(await refused("(unclosed"), /Cannot use redact.patterns.own.pattern: .*missing closing \)/);
  assert.match(await refused("(a)\\1"), /without look-around/);
  assert.match(await refused("(?=a)"), /without look-around/);
  assert.match(await refused("a*"), /matches the empty text/);
  // Any other engine takes for ever over this one.
  const slow = await redactionWith({ patterns: { own: { pattern: "(a+)+$", action: "mask" } } });
  assert.equal(slow.text("a".repeat(5_000) + "b"), "a".repeat(5_000) + "b");
});
