import assert from "node:assert/strict";
import { join } from "node:path";
import { gitCommit } from "../../../lib/cli/git_commit.ts";
import { tempDir } from "../../e2e/temp_dir.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "f".repeat(40);

/** The commit that these files of a clone say. */
async function commitOf(files: Record<string, string>, at = "."): Promise<string | undefined> {
  await using dir = await tempDir();
  for (const [path, text] of Object.entries(files)) {
    const file = join(dir.path, path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text.replaceAll("@", dir.path));
  }
  return await gitCommit(join(dir.path, at));
}

Deno.test("gitCommit() reads the branch that HEAD is on, as a file or packed", async () => {
  const head = { ".git/HEAD": "ref: refs/heads/main\n" };
  const packed = `# pack-refs with: peeled\n${OTHER} refs/heads/other\n${HASH} refs/heads/main\n^${OTHER}\n`;
  assert.equal(await commitOf({ ...head, ".git/refs/heads/main": `${HASH}\n` }), HASH);
  assert.equal(await commitOf({ ...head, ".git/packed-refs": packed }), HASH);
  // A branch that moved after it was packed has a file of its own again.
  assert.equal(await commitOf({ ...head, ".git/packed-refs": packed, ".git/refs/heads/main": OTHER }), OTHER);
});

Deno.test("gitCommit() reads a HEAD that is on no branch", async () => {
  assert.equal(await commitOf({ ".git/HEAD": `${HASH}\n` }), HASH);
});

Deno.test("gitCommit() follows a work tree to the clone that has its branches", async () => {
  const clone = {
    "clone/.git/HEAD": "ref: refs/heads/main\n",
    "clone/.git/refs/heads/main": OTHER,
    "clone/.git/refs/heads/side": HASH,
    "clone/.git/worktrees/side/HEAD": "ref: refs/heads/side\n",
    "clone/.git/worktrees/side/commondir": "../..\n",
  };
  const absolute = { ...clone, "side/.git": "gitdir: @/clone/.git/worktrees/side\n" };
  const relative = { ...clone, "side/.git": "gitdir: ../clone/.git/worktrees/side\n" };
  assert.equal(await commitOf(absolute, "side"), HASH);
  assert.equal(await commitOf(relative, "side"), HASH);
});

Deno.test("gitCommit() knows none outside of a clone, before the first commit, and where HEAD is damaged", async () => {
  assert.equal(await commitOf({}), undefined);
  assert.equal(await commitOf({ ".git/HEAD": "ref: refs/heads/main\n" }), undefined);
  assert.equal(await commitOf({ ".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": "" }), undefined);
  assert.equal(await commitOf({ ".git/HEAD": "nothing of ours\n" }), undefined);
});
