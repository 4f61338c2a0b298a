import assert from "node:assert/strict";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";

const AT = Date.UTC(2025, 0, 31, 9, 30, 0, 123);

function capture(format: "text" | "json", level: "debug" | "info" | "warn" | "error" = "info") {
  const lines: string[] = [];
  const log = createLogger({ format, level, sink: (line) => lines.push(line), now: () => AT });
  return { log, lines };
}

Deno.test("a text line has time, level, component, message and fields, in this order", () => {
  const { log, lines } = capture("text");
  log.child({ component: "relay" }).info("Kafka is back.", {
    lag: 12,
    topic: "tapes.nodes.v1",
    note: "two words",
  });
  assert.deepEqual(lines, [
    '2025-01-31T09:30:00.123Z INFO  relay Kafka is back. lag=12 topic=tapes.nodes.v1 note="two words"',
  ]);
});

Deno.test("an error is printed with all its causes, each once", () => {
  const { log, lines } = capture("text");
  const error = new Error("Cannot open the store", {
    cause: new Error("disk full", { cause: new Error("ENOSPC") }),
  });
  log.error("Start failed.", { error });
  assert.match(lines[0] ?? "", /error="Cannot open the store: disk full: ENOSPC"$/);
});

Deno.test("a JSON line is one object and fields never replace time, level and message", () => {
  const { log, lines } = capture("json");
  log.warn("Said.", {
    level: "debug",
    time: 1,
    message: "other",
    error: new Error("a", { cause: "b" }),
    n: 5n,
  });
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "2025-01-31T09:30:00.123Z",
    level: "warn",
    message: "Said.",
    error: { name: "Error", message: "a", cause: "b" },
    n: "5",
  });
});

Deno.test("lines below the level are not written", () => {
  const { log, lines } = capture("text", "warn");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assert.equal(lines.length, 2);
});

Deno.test("a newline in a message or value does not make a second line", () => {
  const { log, lines } = capture("text");
  log.info("one\ntwo\u001b[31m", { value: "a\nb" });
  assert.equal(lines.length, 1);
  assert.ok(!/\p{Cc}/u.test(lines[0] ?? ""));
});

for (const format of ["text", "json"] as const) {
  Deno.test(`secrets do not reach a ${format} line, neither by name nor by look`, () => {
    const { log, lines } = capture(format);
    log.error("Upstream said sk-abcdefghijkl1234 and Bearer abcdefghijklmnop.", {
      apiKey: "hunter2",
      headers: { authorization: "hunter2", "x-api-key": ["hunter2"], "set-cookie": "hunter2" },
      sasl_password: "hunter2",
      url: "https://user:hunter2@example.com/?key=hunter2&page=2",
      error: new Error("refused token=1", { cause: new Error("https://h/?api_key=hunter2") }),
      input_tokens: 12,
    });
    const line = lines[0] ?? "";
    assert.ok(!line.includes("hunter2"), line);
    assert.ok(!line.includes("abcdefghijkl"), line);
    assert.ok(line.includes("12") && line.includes("page=2"), line);
  });
}

Deno.test("a field that refers to itself does not hang the logger", () => {
  const { log, lines } = capture("json");
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  log.info("Loop.", { loop });
  assert.equal(lines.length, 1);
});
