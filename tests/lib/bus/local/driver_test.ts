import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { testBusDriver } from "../../../../lib/testing/bus_driver.ts";

testBusDriver("the local log", async () => {
  const folder = await Deno.makeTempDir();
  const store = await openStore({ file: `${folder}/log.sqlite` });
  const driver = await openLocalLog(store);
  return {
    driver,
    async [Symbol.asyncDispose]() {
      await driver.close();
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}, {
  skip: Object.fromEntries(
    ["gzip", "snappy", "lz4", "zstd"].map((codec) => [
      `records compressed with ${codec} come back as they were, and take less room`,
      "the local log stores values as they are",
    ]),
  ),
});
