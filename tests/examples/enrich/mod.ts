import type { Plugin } from "capstan";

interface Turn {
  user?: string;
}

export default {
  name: "enrich",
  doc: "Adds the user's team to each turn.",
  setup(ctx) {
    const store = ctx.store([{
      version: 1,
      name: "teams",
      up: (tx) =>
        void tx.run("CREATE TABLE enrich_teams (user TEXT PRIMARY KEY, team TEXT NOT NULL) WITHOUT ROWID"),
    }]);
    ctx.topic({ name: "turns.enriched.v1", partitions: 6 });

    ctx.stream<Turn>(
      { topics: ["tapes.turns.v1"] },
      (batch) =>
        store.read((db) =>
          batch.records.map((record) => {
            const found = db.get<{ team: string }>(
              "SELECT team FROM enrich_teams WHERE user = ?",
              record.data.user ?? "",
            );
            const value = { ...record.data, team: found?.team ?? "unknown" };
            return { topic: "turns.enriched.v1", key: record.key, value, from: record };
          })
        ),
    );

    ctx.command({
      path: "enrich set",
      doc: "Says which team a user is in.",
      args: [{ name: "<user>", doc: "as X-Capstan-User has it" }, { name: "<team>", doc: "any name" }],
      creates: true,
      async run({ args: [user = "", team = ""], store, stdout }) {
        await store.write((tx) => tx.run("INSERT OR REPLACE INTO enrich_teams VALUES (?, ?)", user, team));
        await stdout.write(`${user}: ${team}\n`);
      },
    });
  },
} satisfies Plugin;
