import { main } from "../../../lib/cli/main.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { fakeIo, type Said } from "./fake_io.ts";

const DAY = 86_400_000;

/** Declares topics of each kind, and reads one. */
export const shop: Plugin = {
  name: "shop",
  setup(ctx) {
    ctx.topic({ name: "shop.orders", partitions: 3, replication: 1, retentionMs: 7 * DAY });
    ctx.topic({ name: "shop.prices", partitions: 1, settings: { "cleanup.policy": "compact" } });
    ctx.topic({ name: "shop.carts", partitions: 2, localOnly: true, retentionMs: 0 });
    ctx.stream({ topics: ["shop.orders"], group: "shop-orders" }, () => {});
  },
};

/** A folder with a configuration, and the program called on it. */
export interface Shop extends AsyncDisposable {
  dir: string;
  /** Replaces its config.toml. */
  configure(toml: string): Promise<void>;
  /** Runs one command; `answer` is typed at a terminal. */
  capstan(
    argv: readonly string[],
    how?: { answer?: string; plugins?: Plugin[] },
  ): Promise<Said & { code: number }>;
  /** What each of these command lines says, one after the other. */
  session(lines: readonly string[]): Promise<string>;
}

/** Shows a command's output without what differs from run to run. */
type Mask = (text: string) => string;

/** A folder of its own, removed in the end. */
export async function openShop(mask: Mask = (text) => text): Promise<Shop> {
  const dir = await Deno.makeTempDir({ prefix: "capstan-shop-" });
  const at: Shop = {
    dir,
    configure: (toml) => Deno.writeTextFile(`${dir}/config.toml`, toml),
    async capstan(argv, { answer, plugins = [shop] } = {}) {
      const { io, said } = fakeIo({ stdin: answer, env: { HOME: dir }, cwd: dir });
      const stdin = { ...io.stdin, isTerminal: answer !== undefined };
      const code = await main({ argv: [...argv, "--config-dir", dir], plugins, io: { ...io, stdin } });
      const shown = (text: string) => mask(text.replaceAll(dir, "/data"));
      return { code, out: shown(said.out), error: shown(said.error) };
    },
    async session(lines) {
      let said = "";
      for (const line of lines) {
        const { code, out, error } = await at.capstan(line.split(" "));
        said += `$ capstan ${line}\n${out}${error}(${code})\n\n`;
      }
      return said;
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
  return at;
}
