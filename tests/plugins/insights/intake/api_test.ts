import assert from "node:assert/strict";
import { api } from "../../../../plugins/insights/intake/api.ts";
import { tenantCallers, trustedCaller } from "../../../../plugins/insights/intake/callers.ts";
import type { Accepted } from "../../../../plugins/insights/intake/intake.ts";
import { Refusal } from "../../../../plugins/insights/intake/refusal.ts";

const HASH = "a".repeat(64);

/** The API before an intake that keeps what it is given. */
function anApi({ callerOf = (request) => trustedCaller(request, undefined), failure }: {
  callerOf?: Parameters<typeof api>[0]["callerOf"];
  failure?: Refusal;
} = {}) {
  const taken: Accepted[] = [];
  const counted: { status: number; events: number }[] = [];
  const app = api({
    intake: {
      accept(accepted) {
        if (failure) return Promise.reject(failure);
        // As it lies in the log: JSON has no members that are undefined.
        taken.push(JSON.parse(JSON.stringify(accepted)));
        return Promise.resolve();
      },
    },
    limits: { maxBytes: 2_000, maxItems: 3 },
    source: "capstan",
    topicName: (name) => `eu.${name}`,
    now: () => Date.UTC(2026, 0, 2),
    callerOf,
    count: (answer) => counted.push(answer),
  });
  const post = async (path: string, body: BodyInit, headers: Record<string, string> = {}) => {
    const response = await app.fetch(
      new Request(`http://agent${path}`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      }),
    );
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { app, taken, counted, post };
}

const metrics = (further: Record<string, unknown> = {}) => ({
  event_type: "metrics.turn",
  data: { turn_id: "t", failed: false },
  ...further,
});

for (
  const [given, rating, givenAs] of [
    [{ rating: -0.25 }, -0.25, undefined],
    [{ thumbs: "up" }, 1, "thumbs:up"],
    [{ thumbs: "down" }, -1, "thumbs:down"],
    [{ stars: 1 }, -1, "stars:1"],
    [{ stars: 4 }, 0.5, "stars:4"],
  ] as const
) {
  Deno.test(`feedback given as ${JSON.stringify(given)} is a rating of ${rating}`, async () => {
    const { post, taken } = anApi();
    const { status, body } = await post("/v1/feedback", JSON.stringify({ ...given, response_id: "msg_1" }));
    assert.equal(status, 202);
    const [event] = taken[0]?.events ?? [];
    assert.equal(taken[0]?.topic, "ai-feedback-events");
    assert.equal(event?.event_id, body.event_id);
    assert.deepEqual(event?.data, {
      target: { response_id: "msg_1" },
      rating,
      ...(givenAs && { given_as: givenAs }),
    });
    assert.deepEqual([event?.tenant_id, event?.timestamp, event?.source], [
      "default",
      "2026-01-02T00:00:00.000Z",
      "capstan",
    ]);
  });
}

for (
  const [what, body, field, message] of [
    ["two ratings", { rating: 1, stars: 5, node_hash: HASH }, "rating", /one of rating, thumbs and stars/],
    ["no rating", { node_hash: HASH }, "rating", /one of rating, thumbs and stars/],
    ["a rating out of range", { rating: 2, node_hash: HASH }, "rating", /<=1/],
    ["no answer", { rating: 1 }, "response_id", /name the answer/],
    ["a hash that is none", { rating: 1, node_hash: "abc" }, "node_hash", /64 hexadecimal/],
    ["a field it does not know", { rating: 1, node_hash: HASH, ratting: 1 }, undefined, /ratting/],
    ["stars between two", { stars: 2.5, node_hash: HASH }, "stars", /int/],
    ["a bad id", { rating: 1, node_hash: HASH, event_id: "x" }, "event_id", /evt-/],
    ["a time that is none", { rating: 1, node_hash: HASH, timestamp: "yesterday" }, "timestamp", /datetime/],
    ["a tenant with a line break", { rating: 1, node_hash: HASH, tenant_id: "a\nb" }, "tenant_id", /control/],
    ["a text", "good", undefined, /object/],
  ] as const
) {
  Deno.test(`feedback with ${what} is refused with 400 that names the field`, async () => {
    const { post, taken } = anApi();
    const answer = await post("/v1/feedback", JSON.stringify(body));
    assert.equal(answer.status, 400);
    const problem = answer.body.problems.find((each: { message: string }) => message.test(each.message));
    assert.ok(problem, JSON.stringify(answer.body));
    assert.equal(problem.field, field);
    assert.equal(taken.length, 0);
  });
}

Deno.test("one bad item of several refuses them all and says which", async () => {
  const { post, taken } = anApi();
  const items = [metrics(), metrics({ data: { turn_id: "t", failed: "no" } }), metrics()];
  const { status, body } = await post("/v1/events/agent-metrics-events", JSON.stringify(items));
  assert.equal(status, 400);
  assert.deepEqual(body.problems.map(({ item, field }: { item: number; field: string }) => [item, field]), [
    [1, "data.failed"],
  ]);
  assert.match(body.error, /^item 1: data\.failed: .*nothing of the request was taken$/);
  assert.equal(taken.length, 0);
});

for (
  const [form, type, body] of [
    ["a list", "application/json", JSON.stringify([metrics(), metrics()])],
    ["lines", "application/x-ndjson", `${JSON.stringify(metrics())}\n\n${JSON.stringify(metrics())}\n`],
  ] as const
) {
  Deno.test(`events sent as ${form} are taken whole, by either name of the topic`, async () => {
    for (const name of ["agent-metrics-events", "eu.agent-metrics-events"]) {
      const { post, taken, counted } = anApi();
      const answer = await post(`/v1/events/${name}`, body, { "content-type": type });
      assert.equal(answer.status, 202);
      assert.deepEqual(answer.body.event_ids, taken[0]?.events.map(({ event_id }) => event_id));
      assert.equal(new Set(answer.body.event_ids).size, 2);
      assert.deepEqual(counted, [{ status: 202, events: 2 }]);
    }
  });
}

Deno.test("a CloudEvent is taken as the event it stands for", async () => {
  const { post, taken } = anApi();
  const event = {
    specversion: "1.0",
    id: "evt-7",
    source: "/billing",
    type: "metrics.turn",
    time: "2026-01-02T03:04:05Z",
    tenantid: "acme",
    data: { turn_id: "t", failed: true },
  };
  const type = { "content-type": "application/cloudevents+json" };
  assert.equal((await post("/v1/events/agent-metrics-events", JSON.stringify(event), type)).status, 202);
  assert.deepEqual(taken[0]?.events, [{
    event_id: "evt-7",
    event_type: "metrics.turn",
    tenant_id: "acme",
    timestamp: "2026-01-02T03:04:05Z",
    source: "/billing",
    data: { turn_id: "t", failed: true },
  }]);
});

for (
  const [what, path, body, type, status, error] of [
    ["no JSON", "/v1/feedback", "{", "application/json", 400, /no JSON/],
    ["a bad line", "/v1/feedback", "{}\n{", "application/x-ndjson", 400, /^Line 2 of the body/],
    ["bytes that are no UTF-8", "/v1/feedback", new Uint8Array([0xff]), "application/json", 400, /UTF-8/],
    ["nothing", "/v1/feedback", "", "application/x-ndjson", 400, /holds no item/],
    ["a form", "/v1/feedback", "a=b", "application/x-www-form-urlencoded", 415, /application\/json/],
    ["too much", "/v1/feedback", " ".repeat(2_001), "application/json", 413, /over 2000 bytes/],
    ["too many", "/v1/feedback", "[1,2,3,4]", "application/json", 413, /4 items; send 3/],
    ["an unknown topic", "/v1/events/others", "{}", "application/json", 404, /eu\.ai-feedback-events/],
    ["an unknown type", "/v1/events/ai-insights", "{}", "application/json", 400, /"insight\.opened"/],
    ["an unknown path", "/v1/other", "{}", "application/json", 404, /POST \/v1\/other/],
  ] as const
) {
  Deno.test(`a body of ${what} is answered ${status}, saying what is wrong`, async () => {
    const { post, taken } = anApi();
    const answer = await post(path, body, { "content-type": type });
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.body.error, error);
    assert.equal(taken.length, 0);
  });
}

Deno.test("a body that is longer than it says is cut off at the limit", async () => {
  const { post } = anApi();
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(1_500));
    },
  });
  assert.equal((await post("/v1/feedback", body)).status, 413);
});

Deno.test("what can't be stored is answered with its status and when to try again", async () => {
  for (const status of [429, 503] as const) {
    const { post } = anApi({ failure: new Refusal(status, "later") });
    const answer = await post("/v1/feedback", JSON.stringify({ rating: 1, response_id: "r" }));
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [status, "1"]);
  }
});

Deno.test("a trusted caller speaks for the tenant it names, and an event's own tenant counts more", async () => {
  const { post, taken } = anApi();
  const body = JSON.stringify([{ rating: 1, response_id: "r" }, {
    rating: 1,
    response_id: "r",
    tenant_id: "b",
  }]);
  await post("/v1/feedback", body, { "x-capstan-tenant": "a" });
  assert.deepEqual(taken[0]?.events.map(({ tenant_id }) => tenant_id), ["a", "b"]);
});

Deno.test("a key's caller is its tenant whatever it names, and may speak for no other", async () => {
  const callerOf = tenantCallers({ keys: [{ key: "k-acme", tenant: "acme" }, { key: "k-b", tenant: "b" }] });
  const { post, taken } = anApi({ callerOf });
  const own = JSON.stringify({ rating: 1, response_id: "r" });
  const key = { authorization: "Bearer k-acme", "x-capstan-tenant": "b" };
  assert.equal((await post("/v1/feedback", own, key)).status, 202);
  assert.deepEqual(taken[0]?.events.map(({ tenant_id }) => tenant_id), ["acme"]);
  const others = JSON.stringify({ rating: 1, response_id: "r", tenant_id: "b" });
  const refused = await post("/v1/feedback", others, key);
  assert.equal(refused.status, 403);
  assert.match(refused.body.error, /another tenant/);
  for (const headers of [{}, { authorization: "Bearer k" }, { "x-api-key": "" }]) {
    const answer = await post("/v1/feedback", own, headers as Record<string, string>);
    assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, "Bearer"]);
  }
  assert.equal(taken.length, 1);
});

Deno.test("the topics say their types of events, and each has the schema its events are checked with", async () => {
  const { app } = anApi();
  const get = async (path: string) => await (await app.fetch(new Request(`http://agent${path}`))).json();
  const { topics } = await get("/v1/topics");
  assert.equal(topics.length, 9);
  assert.deepEqual(topics[0].event_types, ["feedback.submitted"]);
  for (const { schema } of topics) {
    assert.equal((await get(schema)).$schema, "https://json-schema.org/draft/2020-12/schema");
  }
});

Deno.test("the OpenAPI document describes every path, and every reference in it leads somewhere", async () => {
  const { app } = anApi();
  const document = await (await app.fetch(new Request("http://agent/v1/openapi.json"))).json();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(Object.keys(document.paths), [
    "/v1/feedback",
    "/v1/events/{topic}",
    "/v1/topics",
    "/v1/topics/{topic}/schema",
  ]);
  const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
  const names = new Set([...references].map(([, name]) => name));
  assert.ok(names.size > 10);
  for (const name of names) assert.ok(document.components.schemas[name ?? ""], name);
});
