import assert from "node:assert/strict";
import { runInProcess } from "../../../lib/cli/run_in_process.ts";
import { fakeIo } from "./fake_io.ts";

Deno.test("runInProcess() runs what is registered, says how each went, and gives Deno.test back", async () => {
  const before = Deno.test;
  const { io, said } = fakeIo();
  const ran: string[] = [];
  const code = await runInProcess(() => {
    Deno.test({ name: "good", fn: () => void ran.push("good") });
    Deno.test({ name: "bad", fn: () => Promise.reject(new Error("no good")) });
    Deno.test({ name: "left out", ignore: true, fn: () => void ran.push("left out") });
  }, { io, signal: new AbortController().signal });
  assert.equal(code, 1);
  assert.deepEqual(ran, ["good"]);
  assert.match(
    said.out,
    /^good \.\.\. ok\nbad \.\.\. FAILED\nError: no good\n[^]*\nleft out \.\.\. ignored\n\nFAILED \| 1 passed \| 1 failed\n$/,
  );
  assert.equal(Deno.test, before);
});

Deno.test("runInProcess() gives Deno.test back where registering fails", async () => {
  const before = Deno.test;
  const call = { io: fakeIo().io, signal: new AbortController().signal };
  await assert.rejects(runInProcess(() => Promise.reject(new Error("no suite")), call), /no suite/);
  assert.equal(Deno.test, before);
});
