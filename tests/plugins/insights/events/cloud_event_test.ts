import assert from "node:assert/strict";
import fc from "fast-check";
import { readJson } from "../../../../lib/json/read_json.ts";
import { envelopeCodec } from "../../../../plugins/insights/events/cloud_event.ts";

const event = fc.record({
  event_id: fc.stringMatching(/^evt-[a-z0-9]{1,20}$/),
  event_type: fc.constantFrom("feedback.submitted", "metrics.turn"),
  tenant_id: fc.string({ minLength: 1, unit: "grapheme" }),
  timestamp: fc.constant("2026-01-02T03:04:05.006Z"),
  source: fc.string({ minLength: 1, unit: "grapheme" }),
  data: fc.dictionary(
    fc.string().filter((key) => key !== "__proto__"),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    { noNullPrototype: true },
  ),
}, { noNullPrototype: true });

Deno.test("an event read back is the event written, plain and as a CloudEvent, whichever way the switch stands", () => {
  const forms = ["plain", "cloudevents"] as const;
  fc.assert(
    fc.property(event, fc.constantFrom(...forms), fc.constantFrom(...forms), (value, wrote, reads) => {
      const bytes = envelopeCodec(wrote).encode(value);
      assert.deepEqual(readJson(JSON.stringify(envelopeCodec(reads).decode(bytes))), value);
    }),
  );
});

Deno.test("a CloudEvent has the attributes that structured mode asks for", () => {
  const bytes = envelopeCodec("cloudevents").encode({
    event_id: "evt-1",
    event_type: "metrics.turn",
    tenant_id: "acme",
    timestamp: "2026-01-02T03:04:05.006Z",
    source: "capstan eu",
    data: { turn_id: "t" },
  });
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes)), {
    specversion: "1.0",
    id: "evt-1",
    source: "capstan%20eu",
    type: "metrics.turn",
    time: "2026-01-02T03:04:05.006Z",
    tenantid: "acme",
    datacontenttype: "application/json",
    data: { turn_id: "t" },
  });
});
