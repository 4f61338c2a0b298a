import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { testStreams } from "../../../../lib/testing/stream_suite.ts";

testStreams("the local log", async () => {
  const folder = await Deno.makeTempDir();
  const store = await openStore({ file: `${folder}/log.sqlite` });
  const driver = await openLocalLog(store, { heartbeatMs: 10 });
  return {
    driver,
    store,
    async [Symbol.asyncDispose]() {
      await driver.close();
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}, {
  skip: Object.fromEntries(
    [
      "state moves with its partition: what another agent has handled is handled again for its rows alone",
      "state that another agent's work has made wrong is emptied and built anew",
      "partitions that are read together move together: none is handled before all are as they were",
      "rows left over from before are never sent again once another agent has sent them",
    ].map((sentence) => [sentence, "rows lie with the offset in one file, and never differ from it"]),
  ),
});
