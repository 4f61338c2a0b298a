import assert from "node:assert/strict";
import { OffsetCommits } from "../../../../lib/bus/kafka/offset_commits.ts";

const at = (topic: string, partition: number, offset: number) => ({ topic, partition, offset });

/** Commits that `refuse` may refuse; what each request had is in `requests`. */
function rig(refuse: (topics: readonly string[]) => Error | undefined = () => undefined) {
  const requests: string[][] = [];
  const commits = new OffsetCommits({
    commit: ({ offsets }: { offsets: { topic: string; partition: number; offset: bigint }[] }) => {
      requests.push(offsets.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`));
      const error = refuse(offsets.map(({ topic }) => topic));
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  });
  return { commits, requests };
}

/** As the library says what a broker refused. */
function said(apiId: string, canRetry: boolean): Error {
  return Object.assign(new Error(apiId), { apiId, canRetry });
}

Deno.test("offsets of one turn are one request, those of the next another", async () => {
  const { commits, requests } = rig();
  await Promise.all([
    commits.store(at("a", 0, 1)),
    commits.store(at("a", 1, 2)),
    commits.store(at("b", 0, 3)),
  ]);
  await commits.store(at("a", 0, 4));
  assert.deepEqual(requests, [["a/0@1", "a/1@2", "b/0@3"], ["a/0@4"]]);
});

Deno.test("of two offsets of one partition in a turn the later one is stored", async () => {
  const { commits, requests } = rig();
  await Promise.all([commits.store(at("a", 0, 5)), commits.store(at("a", 0, 2))]);
  assert.deepEqual(requests, [["a/0@2"]]);
});

Deno.test("a topic that is gone keeps no other from being committed, and is told to those who committed it", async () => {
  const gone = said("UNKNOWN_TOPIC_OR_PARTITION", true);
  const { commits, requests } = rig((topics) => topics.includes("gone") ? gone : undefined);
  const results = await Promise.allSettled([commits.store(at("a", 0, 1)), commits.store(at("gone", 0, 2))]);
  assert.deepEqual(results, [{ status: "fulfilled", value: undefined }, {
    status: "rejected",
    reason: gone,
  }]);
  assert.deepEqual(requests, [["a/0@1", "gone/0@2"], ["a/0@1"], ["gone/0@2"]]);
});

Deno.test("what is wrong with the group is told to all, without a request for each", async () => {
  for (const apiId of ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "COORDINATOR_LOAD_IN_PROGRESS"]) {
    const error = said(apiId, true);
    const { commits, requests } = rig(() => error);
    const results = await Promise.allSettled([commits.store(at("a", 0, 1)), commits.store(at("b", 0, 2))]);
    assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
    assert.equal(requests.length, 1, apiId);
  }
});

Deno.test("one offset that is refused is asked for once", async () => {
  const { commits, requests } = rig(() => said("TOPIC_AUTHORIZATION_FAILED", false));
  await assert.rejects(commits.store(at("a", 0, 1)), /TOPIC_AUTHORIZATION_FAILED/);
  assert.equal(requests.length, 1);
});
