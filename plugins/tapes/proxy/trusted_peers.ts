import { BlockList, isIP } from "node:net";

/** Whose `X-Capstan-*` headers are believed: loopback's, and those of the proxies named. */
export class TrustedPeers {
  readonly #list = new BlockList();

  /** @throws {TypeError} an entry is neither an address nor a network. */
  constructor(entries: readonly string[]) {
    this.#list.addSubnet("127.0.0.0", 8, "ipv4");
    this.#list.addAddress("::1", "ipv6");
    for (const entry of entries) this.#add(entry);
  }

  /** Whether a connection from `address` is believed. */
  has(address: string | undefined): boolean {
    if (!address) return false;
    const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address.replace(/%.*$/, "");
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? "ipv6" : "ipv4");
  }

  #add(entry: string): void {
    const [address = "", bits] = entry.trim().split("/");
    const version = isIP(address);
    const widest = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? widest : Number(bits);
    if (version === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > widest || bits === "") {
      throw new TypeError(
        `Cannot trust proxy ${entry}: it is neither an address nor a network as 10.0.0.0/8; correct trusted_proxies`,
      );
    }
    this.#list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
}
