/** A text with something in it that must be found. */
export interface Sample {
  /** The rule that is to find it. */
  rule: string;
  /** Where its form is documented. */
  source: string;
  secret: string;
  text: string;
}

/** A text in which nothing is to be found. */
export interface LookAlike {
  kind: string;
  text: string;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const ALPHABETS: Readonly<Record<string, string>> = {
  AN: LETTERS + LETTERS.toUpperCase() + DIGITS,
  an: LETTERS + DIGITS,
  L: LETTERS + LETTERS.toUpperCase(),
  D: DIGITS,
  HEX: "0123456789abcdef",
  hexl: "0123456789abcdef",
  UP: LETTERS.toUpperCase() + "234567",
  UPD: LETTERS.toUpperCase() + DIGITS,
  B64: LETTERS + LETTERS.toUpperCase() + DIGITS + "+/",
  B64N: LETTERS + LETTERS.toUpperCase() + DIGITS,
  B64U: LETTERS + LETTERS.toUpperCase() + DIGITS + "-_",
  BECH: "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
};

const folder = new URL("../../fixtures/redact/", import.meta.url);

async function linesOf(name: string): Promise<string[][]> {
  const text = await Deno.readTextFile(new URL(name, folder));
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
    line.split("\t")
  );
}

/** Digits drawn by a fixed seed (mulberry32), so that every run draws the same. */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What must be found. Keys are drawn here, so that no file holds what somebody could take for a live one. */
export async function samples(file = "samples.tsv"): Promise<Sample[]> {
  const random = drawer(7);
  return (await linesOf(file)).map(([rule = "", source = "", form = "", around = ""]) => {
    const secret = form.replace(/<(\w+):(\d+)>/g, (whole, name: string, count: string) => {
      const alphabet = ALPHABETS[name];
      if (alphabet === undefined) throw new Error(`the form ${whole} names no alphabet`);
      const letters = Array.from(
        { length: Number(count) },
        () => alphabet[Math.floor(random() * alphabet.length)],
      );
      // A key's last sign is no hyphen: where texts end there is no telling it from one.
      return letters.join("").replace(/[-_]$/, "x");
    });
    const text = around.replaceAll("\\n", "\n").replace("%s", () => secret);
    return { rule, source, secret, text };
  });
}

/** What must be left alone. */
export async function lookAlikes(file = "lookalikes.tsv"): Promise<LookAlike[]> {
  return (await linesOf(file)).map(([kind = "", text = ""]) => ({
    kind,
    text: text.replaceAll("\\n", "\n"),
  }));
}
