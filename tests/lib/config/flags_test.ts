import assert from "node:assert/strict";
import { Command } from "commander";
import { flagsOf, givenFlags } from "../../../lib/config/flags.ts";
import { hostSchema } from "../../../lib/config/host.ts";
import { recorder } from "./plugins.ts";

const PREFIX = ["plugins", "recorder"];

Deno.test("flagsOf() names flags after keys, and gives secrets none but for their file", () => {
  const flags = flagsOf(recorder.config, PREFIX).map((each) => each.flags);
  assert.deepEqual(flags, [
    "-u, --upstream <text>",
    "--recorder-mode <text>",
    "--recorder-api-key-file <path>",
    "--recorder-retries <number>",
    "--recorder-ratio <number>",
    "--recorder-verbose",
    "--no-recorder-verbose",
    "--recorder-keep <time>",
    "--recorder-limit <size>",
    "--recorder-tags <list>",
    "--recorder-tls-ca <path>",
  ]);
});

Deno.test("flagsOf() gives each setting of the host a flag of its own, tapes' names among them", () => {
  const flags = flagsOf(hostSchema);
  assert.equal(new Set(flags.map(({ name }) => name)).size, flags.length);
  const keys = Object.fromEntries(flags.map(({ name, key }) => [name, key]));
  assert.equal(keys["--sqlite"], "store.sqlite");
  assert.equal(keys["--kafka-brokers"], "publisher.kafka.brokers");
  assert.equal(keys["--kafka-topic"], "publisher.kafka.topic");
  assert.equal(keys["--kafka-client-id"], "publisher.kafka.client_id");
});

Deno.test("givenFlags() gives what commander was given, and nothing else", () => {
  const specs = flagsOf(recorder.config, PREFIX);
  const parse = (...argv: string[]) => {
    const command = new Command().exitOverride();
    for (const { flags, doc, repeatable } of specs) {
      if (repeatable) {
        command.option(flags, doc, (value: string, all: string[] | undefined) => [...all ?? [], value]);
      } else command.option(flags, doc);
    }
    return givenFlags(specs, command.parse(argv, { from: "user" }).opts());
  };
  assert.deepEqual(parse(), []);
  assert.deepEqual(
    parse("-u", "http://a", "--no-recorder-verbose", "--recorder-tags", "a", "--recorder-tags", "b,c"),
    [
      { key: "plugins.recorder.upstream", name: "--upstream", value: "http://a" },
      { key: "plugins.recorder.verbose", name: "--no-recorder-verbose", value: false },
      { key: "plugins.recorder.tags", name: "--recorder-tags", value: ["a", "b,c"] },
    ],
  );
  assert.deepEqual(parse("--recorder-verbose", "--recorder-api-key-file", "/run/key"), [
    { key: "plugins.recorder.api_key_file", name: "--recorder-api-key-file", value: "/run/key" },
    { key: "plugins.recorder.verbose", name: "--recorder-verbose", value: true },
  ]);
});
