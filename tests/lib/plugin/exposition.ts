/** What an agent's `/metrics` says. */
export class Exposition {
  /** Kind by name: `counter`. */
  readonly types = new Map<string, string>();
  /** Label names by name, of those metrics that have a series. */
  readonly labels = new Map<string, readonly string[]>();
  readonly #values = new Map<string, number>();

  /** Reads Prometheus' text format. */
  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [, type, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (type !== undefined && kind !== undefined) this.types.set(type, kind);
      const [, name = "", labels = "", value] = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (value === undefined) continue;
      const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, label = "", text = ""]) =>
        [label, text] as const
      );
      this.#values.set(keyOf(name, Object.fromEntries(pairs)), Number(value));
      const base = name.replace(/_(bucket|sum|count)$/, "");
      const own = this.types.has(name) ? name : base;
      this.labels.set(own, pairs.map(([label]) => label).filter((label) => label !== "le"));
    }
  }

  /** The value of one series; `undefined` where there is none. */
  of(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.#values.get(keyOf(name, labels));
  }

  /** Every series of a metric by its labels, as `topic=a partition=0`. */
  all(name: string): Record<string, number> {
    return Object.fromEntries([...this.#values].flatMap(([key, value]) => {
      const [own, labels] = key.split(" {");
      return own === name ? [[labels ?? "", value]] : [];
    }));
  }
}

/** The metrics that an agent exposes now. */
export async function readMetrics(origin: string | undefined): Promise<Exposition> {
  return new Exposition(await (await fetch(`${origin}/metrics`)).text());
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1);
  return `${name} {${pairs.map(([label, value]) => `${label}=${value}`).join(" ")}`;
}
