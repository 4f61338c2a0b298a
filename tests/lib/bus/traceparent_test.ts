import assert from "node:assert/strict";
import fc from "fast-check";
import type { Header } from "../../../lib/bus/contract.ts";
import { encodeRequest } from "../../../lib/bus/encode.ts";
import type { PublishRequest } from "../../../lib/bus/handler.ts";
import { TopicCodecs } from "../../../lib/bus/topic_codecs.ts";
import { parseTraceparent, sharedTrace, type Trace, traceOf } from "../../../lib/bus/traceparent.ts";

const header = (name: string, value: string): Header => [name, new TextEncoder().encode(value)];
const texts = (headers: readonly Header[] = []) =>
  headers.map(([name, value]) => [name, new TextDecoder().decode(value)]);

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const id = (length: number) => digits(length).filter((text) => /[^0]/.test(text));
const parts = fc.record(
  { traceId: id(32), parentId: id(16), flags: digits(2) },
  { noNullPrototype: true },
);
const written = ({ traceId, parentId, flags }: Omit<Trace, "state">) => `00-${traceId}-${parentId}-${flags}`;

const ONE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function publish(request: Partial<PublishRequest>, trace?: Trace) {
  const encoding = { realName: (topic: string) => topic, codecs: new TopicCodecs(), trace };
  return texts(encodeRequest({ topic: "t", value: 1, ...request }, encoding).headers);
}

Deno.test("parseTraceparent() reads what version 00 writes", () => {
  fc.assert(fc.property(parts, (trace) => assert.deepEqual(parseTraceparent(written(trace)), trace)));
});

Deno.test("parseTraceparent() refuses what is not valid, whatever it is", () => {
  const [, traceId, parentId] = ONE.split("-");
  for (
    const wrong of [
      "",
      ONE.toUpperCase(),
      `${ONE}-more`,
      `${ONE} `,
      `${ONE}\n`,
      ` ${ONE}`,
      ONE.replace("00-", "ff-"),
      ONE.replace("00-", "0-"),
      `00-${"0".repeat(32)}-${parentId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `01-${traceId}-${parentId}-01more`,
      `${ONE}, ${ONE}`,
    ]
  ) assert.equal(parseTraceparent(wrong), undefined, wrong);
  fc.assert(fc.property(fc.string(), (text) => {
    assert.equal(parseTraceparent(text), undefined);
  }));
});

Deno.test("parseTraceparent() reads a later version as far as version 00 goes", () => {
  const later = parseTraceparent(`cc${ONE.slice(2, -2)}ff-what-comes`);
  assert.deepEqual(later, { ...parseTraceparent(ONE), flags: "03" });
});

Deno.test("a record that follows from another keeps trace id, flags and state, and has a parent id of its own", () => {
  fc.assert(fc.property(parts, (trace) => {
    const from = {
      headers: [header("a", "1"), header("traceparent", written(trace)), header("tracestate", "v=1")],
    };
    const headers = publish({ from, headers: { own: "x" } });
    const [own, traceparent, state, ...rest] = headers;
    assert.deepEqual([own, state, rest], [["own", "x"], ["tracestate", "v=1"], []]);
    assert.equal(traceparent?.[0], "traceparent");
    const next = parseTraceparent(traceparent?.[1] ?? "");
    assert.equal(next?.traceId, trace.traceId);
    assert.equal(next?.flags, trace.flags);
    assert.notEqual(next?.parentId, trace.parentId);
  }));
});

Deno.test("headers given win over the trace, with their state", () => {
  const from = { headers: [header("traceparent", ONE), header("tracestate", "v=1")] };
  assert.deepEqual(publish({ from, headers: { Traceparent: "mine" } }), [["Traceparent", "mine"]]);
  const [state, traceparent, ...rest] = publish({ from, headers: { tracestate: "mine" } });
  assert.deepEqual([state, rest], [["tracestate", "mine"], []]);
  assert.equal(traceparent?.[1]?.slice(0, 35), ONE.slice(0, 35));
});

Deno.test("a trace that is not valid, or named twice, is dropped with its state", () => {
  const state = header("tracestate", "v=1");
  assert.deepEqual(publish({ from: { headers: [header("traceparent", "00-nonsense"), state] } }), []);
  assert.deepEqual(publish({ from: { headers: [state] } }), []);
  const twice = [header("traceparent", ONE), header("traceparent", ONE)];
  assert.deepEqual(publish({ from: { headers: twice } }), []);
});

Deno.test("a request without `from` gets the trace of the batch, one with it never", () => {
  const trace = traceOf([header("traceparent", ONE)]);
  assert.equal(publish({}, trace)[0]?.[1]?.slice(0, 35), ONE.slice(0, 35));
  assert.deepEqual(publish({ from: { headers: [] } }, trace), []);
});

Deno.test("sharedTrace() gives the trace that all records belong to, and none where one does not", () => {
  const one = { headers: [header("traceparent", ONE)] };
  const sibling = { headers: [header("traceparent", ONE.replace("00f067aa0ba902b7", "1111111111111111"))] };
  const other = { headers: [header("traceparent", ONE.replace("4bf9", "4bfa"))] };
  assert.equal(sharedTrace([one, sibling])?.parentId, "00f067aa0ba902b7");
  assert.equal(sharedTrace([one, other]), undefined);
  assert.equal(sharedTrace([one, { headers: [] }]), undefined);
  assert.equal(sharedTrace([{ headers: [] }, one]), undefined);
  assert.equal(sharedTrace([]), undefined);
});
