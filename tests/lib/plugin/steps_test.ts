import assert from "node:assert/strict";
import { within } from "../../../lib/plugin/steps.ts";

Deno.test("within() of a time that is over leaves the work alone, and a failure of it ends nothing", async () => {
  const failing = Promise.reject(new Error("later"));
  await assert.rejects(within(AbortSignal.abort(new Error("over")), failing), /over/);
});
