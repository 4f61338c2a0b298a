import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeTapesFile } from "../plugins/tapes/tapes_file.ts";
import { capstan } from "./capstan.ts";
import { tempDir } from "./temp_dir.ts";

Deno.test("commands that read work on a file that only tapes ever wrote, and leave it as it is", async () => {
  await using dir = await tempDir();
  const file = join(dir.path, "tapes.sqlite");
  await writeTapesFile(file);
  const hash = () => createHash("sha256").update(Deno.readFileSync(file)).digest("hex");
  const before = hash();
  const cases: { args: string[]; code?: number; said: RegExp }[] = [
    { args: ["status"], said: /no agent runs on this file[\s\S]*tapes\.sqlite/ },
    { args: ["outbox", "status"], said: /nothing goes to Kafka from this file/ },
    { args: ["groups", "list"], said: /no consumer groups/ },
    { args: ["topics", "list"], said: /tapes\.nodes\.v1 .*missing/ },
    { args: ["dlq", "list"], said: /no dead/ },
    {
      args: ["tail", "tapes.nodes.v1", "--no-follow", "--from-beginning"],
      code: 1,
      said: /the local log does not know it; it has none yet/,
    },
  ];
  for (const { args, code = 0, said } of cases) {
    const ended = await capstan({ args: [...args, "-s", file, "--config-dir", dir.path] });
    assert.match(ended.out + ended.error, said, args.join(" "));
    assert.equal(ended.code, code, args.join(" "));
  }
  assert.equal(hash(), before);
});
