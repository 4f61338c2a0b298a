import assert from "node:assert/strict";
import { join } from "node:path";
import { capstan } from "./capstan.ts";
import { tempDir } from "./temp_dir.ts";

/** A plugin as a user writes one, whose topic has a schema. */
const CRM = `export default {
  name: "crm",
  setup(ctx) {
    const name = { type: "string" };
    const schema = { type: "object", properties: { name, boss: { $ref: "#" } }, required: ["name"] };
    ctx.topic({ name: "people", partitions: 1 }, { schema });
  },
};
`;

Deno.test("a topic's schema holds in the executable, too", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "crm.js"), CRM);
  await Deno.writeTextFile(join(dir.path, "config.toml"), '[plugins.crm]\nmodule = "./crm.js"\n');
  const lines = '{"name":"Ada","boss":{"name":"Grace"}}\n{"name":"Ada","boss":{}}\n';
  const { code, error } = await capstan({
    args: ["publish", "people", "--config-dir", dir.path],
    stdin: lines,
  });
  assert.equal(code, 1, error);
  assert.match(error, /^published 1 record to people$/m);
  const check = async (text: string) => {
    await Deno.writeTextFile(join(dir.path, "crm.js"), text);
    return await capstan({ args: ["plugins", "check", join(dir.path, "crm.js")] });
  };
  assert.equal((await check(CRM)).code, 0);
  const wrong = await check(CRM.replace('"string"', '"strnig"'));
  assert.equal(wrong.code, 1);
  assert.match(wrong.error, /Cannot use the schema of topic people: schema is invalid/);
  assert.match(error, /Cannot publish line 2 to people: value\/boss must have required property 'name'/);
});
