import assert from "node:assert/strict";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { contentOf, FIRST_AT, letterShop, lettersOf } from "./dlq_shop.ts";
import { assertGolden } from "./golden_text.ts";
import { openShop } from "./shop.ts";

/** Times are shown by the clock of the place. */
const masked = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, "TIME");

/** A shop whose topics have other names, with letters in its log. */
async function openLetterShop() {
  const at = await openShop(masked);
  const orders = "prod-orders";
  await at.configure(`[topics."shop.orders"]\nname = "${orders}"\n`);
  const capstan = (line: string, how: { answer?: string } = {}) =>
    at.capstan(line.split(" "), { plugins: [letterShop], ...how });
  const bus = async () => {
    const stack = new AsyncDisposableStack();
    const store = stack.use(await openStore({ file: `${at.dir}/capstan.sqlite` }));
    const log = stack.use(await openLocalLog(store));
    return Object.assign(log, { [Symbol.asyncDispose]: () => stack.disposeAsync() });
  };
  return {
    ...at,
    capstan,
    /** What each command line says, one after the other. */
    async session(lines: readonly string[]) {
      let said = "";
      for (const line of lines) {
        const { code, out, error } = await capstan(line);
        said += `$ capstan ${line}\n${out}${error}(${code})\n\n`;
      }
      return said;
    },
    /** Makes the topics, and writes the letters. */
    async fill() {
      assert.equal((await capstan("topics apply")).code, 0);
      const store = await openStore({ file: `${at.dir}/capstan.sqlite` });
      await using _store = store;
      await using log = await openLocalLog(store);
      await log.send(lettersOf(orders, "shop.carts", FIRST_AT));
    },
    async content(topic: string) {
      await using log = await bus();
      return await contentOf(log, topic);
    },
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
}

Deno.test("dlq list and show say what lies there and why, by either name, with .dlq or without", async () => {
  await using at = await openLetterShop();
  await at.fill();
  await assertGolden(
    await at.session([
      "dlq list",
      "dlq list shop.carts",
      "dlq show shop.orders",
      "dlq show prod-orders.dlq --max 1",
      "dlq show shop.carts.dlq --json",
      "dlq show shop.orders --offset 2 --json",
      "dlq list prod-orders --json",
    ]),
    "dlq_look.txt",
  );
});

Deno.test("dlq says what is wrong with the command line", async () => {
  await using at = await openLetterShop();
  await at.fill();
  await assertGolden(
    await at.session([
      "dlq show nothing",
      "dlq show shop.orders --offset 17",
      "dlq show shop.orders --partition 1",
      "dlq redrive shop.orders",
      "dlq redrive shop.orders --offset 1 --all",
      "dlq redrive shop.orders --offset 17",
      "dlq redrive shop.orders --all --to nowhere",
      "dlq purge shop.orders --yes",
      "dlq purge shop.orders --all",
      "dlq purge shop.orders --before yesterday --yes",
    ]),
    "dlq_wrong.txt",
  );
});

Deno.test("dlq list of a new file says that there is nothing", async () => {
  await using at = await openLetterShop();
  await at.capstan("topics apply");
  assert.equal((await at.capstan("dlq list")).out, "no dead letters in 2 topics\n");
  assert.equal((await at.capstan("dlq show shop.orders")).out, "no dead letters in prod-orders.dlq\n");
  assert.deepEqual(JSON.parse((await at.capstan("dlq list shop.orders --json")).out), [{
    topic: "prod-orders.dlq",
    letters: 0,
    redriven: 0,
    oldest: null,
    newest: null,
    errors: [],
  }]);
});

Deno.test("dlq redrive sends each letter back once: by its key, or to the partition it came from", async () => {
  await using at = await openLetterShop();
  await at.fill();
  await assertGolden(
    await at.session([
      "dlq redrive shop.orders --all --dry-run",
      "dlq redrive shop.orders --offset 1",
      "dlq redrive shop.orders --offset 1",
      "dlq redrive shop.orders --max 1",
      "dlq list shop.orders",
      "dlq redrive shop.orders --all --dry-run",
      "dlq redrive shop.orders --all",
      "dlq redrive shop.orders --all",
      "dlq redrive shop.orders --all --dry-run --again",
    ]),
    "dlq_redrive.txt",
  );
  const sent = await at.content("prod-orders");
  const once = { "source": "web", "capstan.dlq.redriven": "1" };
  assert.deepEqual(sent, [
    { partition: sent[0]?.partition, key: "customer-0", headers: once },
    { partition: sent[1]?.partition, key: "customer-1", headers: once },
    { partition: 2, key: null, headers: { "capstan.dlq.redriven": "1" } },
  ]);
});

Deno.test("dlq redrive --again sends what was sent before, and --to sends it elsewhere", async () => {
  await using at = await openLetterShop();
  await at.fill();
  await at.capstan("dlq redrive shop.orders --all");
  const again = await at.capstan("dlq redrive shop.orders --all --again --to shop.carts");
  assert.equal(again.error, "sent back 3 records: 3 to shop.carts\n");
  const one = await at.capstan("dlq redrive shop.orders --offset 2 --again --to shop.carts");
  assert.equal(one.error, "sent back 1 record: 1 to shop.carts\n");
  assert.equal((await at.content("prod-orders")).length, 3);
  assert.equal((await at.content("shop.carts")).length, 4);
});

Deno.test("dlq purge removes letters for good, those before a time or all, and asks on a terminal", async () => {
  await using at = await openLetterShop();
  await at.fill();
  await at.capstan("dlq redrive shop.orders --max 1");
  const no = await at.capstan("dlq purge shop.orders --all", { answer: "n\n" });
  assert.equal(no.error, "Remove 3 dead letters of prod-orders.dlq, 2 of them never sent back? [y/N] ");
  assert.deepEqual([no.code, no.out], [1, "nothing was removed\n"]);
  const before = new Date(FIRST_AT + 90_000).toISOString();
  const some = await at.capstan(`dlq purge shop.orders --before ${before}`, { answer: "y\n" });
  assert.deepEqual([some.code, some.out], [0, "removed 2 dead letters from prod-orders.dlq\n"], some.error);
  assert.equal(JSON.parse((await at.capstan("dlq list shop.orders --json")).out)[0].letters, 1);
  assert.match((await at.capstan("dlq show shop.orders")).out, /^prod-orders\.dlq 0\/2\n/);
  const all = await at.capstan("dlq purge shop.orders --all --yes");
  assert.equal(all.out, "removed 1 dead letter from prod-orders.dlq\n");
  assert.equal(
    (await at.capstan("dlq purge shop.orders --all --yes")).out,
    "nothing to remove from prod-orders.dlq\n",
  );
  assert.equal((await at.capstan("dlq list")).out.includes("shop.carts.dlq"), true);
});
