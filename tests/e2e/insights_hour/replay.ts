import { openStore } from "../../../lib/store/open_store.ts";

/** Moves groups of an agent's log that is not running back to the beginning. */
export async function forgetGroups(file: string, groups: readonly string[]): Promise<void> {
  await using store = await openStore({ file });
  await store.write((tx) => {
    for (const group of groups) tx.run("DELETE FROM log_groups WHERE name = ?", group);
  });
}

/** The same on Kafka. */
export async function deleteGroups(bootstrap: string, groups: readonly string[]): Promise<void> {
  const { Admin } = await import("@platformatic/kafka");
  const admin = new Admin({ clientId: "replay", bootstrapBrokers: [bootstrap] });
  try {
    await admin.deleteGroups({ groups: [...groups] });
  } finally {
    await admin.close();
  }
}
