import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { terminalScanner } from "../../../../plugins/tapes/proxy/terminal_scanner.ts";

const sse = () => terminalScanner("text/event-stream; charset=utf-8", undefined)!;
const ndjson = () => terminalScanner("application/x-ndjson", undefined)!;

/** Feeds pieces; gives how many bytes were let through before the first was held, or -1. */
function heldFrom(scanner: ReturnType<typeof sse>, pieces: readonly Uint8Array[]): number {
  let passed = 0;
  for (const piece of pieces) {
    const from = scanner.push(piece);
    if (from >= 0) return passed + from;
    passed += piece.length;
  }
  return -1;
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    if (end > from) pieces.push(bytes.subarray(from, end));
    from = end;
  }
  return pieces;
}

const chat = 'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n';
const streams: Record<string, { open: string; terminal: string; scanner: () => ReturnType<typeof sse> }> = {
  "chat completions": { open: chat + chat, terminal: "data: [DONE]\n\n", scanner: sse },
  "chat completions with CRLF": {
    open: chat.replaceAll("\n", "\r\n"),
    terminal: "data: [DONE]\r\n\r\n",
    scanner: sse,
  },
  "chat completions without a space": { open: chat, terminal: "data:[DONE]\n\n", scanner: sse },
  messages: {
    open: 'event: ping\ndata: {"type": "ping"}\n\n',
    terminal: 'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    scanner: sse,
  },
  "messages without event lines": {
    open: 'data: {"type":"content_block_delta","delta":{"text":"message_stop"}}\n\n',
    terminal: 'data: { "type" : "message_stop" }\n\n',
    scanner: sse,
  },
  responses: {
    open: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta"}\n\n',
    terminal: `event: response.completed\ndata: {"type":"response.completed","x":"${"y".repeat(300)}"}\n\n`,
    scanner: sse,
  },
  "a failed response": {
    open: ": hello\n\n",
    terminal: 'event: response.failed\ndata: {"e":1}\n\n',
    scanner: sse,
  },
  ollama: {
    open: '{"message":{"content":"\\"done\\":true {\\\\"},"done":false}\n',
    terminal: '{"message":{"content":""},"done":true,"done_reason":"stop"}\n',
    scanner: ndjson,
  },
  "ollama with spaces and CRLF": {
    open: '{"message": {"tool_calls": [{"arguments": {"done": true}}]}, "done": false}\r\n',
    terminal: '{"done" : true, "message": {}}\r\n',
    scanner: ndjson,
  },
};

for (const [name, { open, terminal, scanner }] of Object.entries(streams)) {
  Deno.test(`the terminal event of ${name} is held from its first byte when it comes in one piece`, () => {
    const whole = scanner();
    assert.equal(heldFrom(whole, [Buffer.from(open), Buffer.from(terminal)]), Buffer.byteLength(open));
    assert.equal(whole.state, "whole");
    assert.equal(heldFrom(scanner(), [Buffer.from(open + terminal)]), Buffer.byteLength(open));
  });

  Deno.test(`split anywhere, the terminal event of ${name} never passes whole, and nothing before it is held`, () => {
    fc.assert(fc.property(fc.array(fc.nat(2000), { maxLength: 12 }), (places) => {
      const bytes = Buffer.from(open + terminal);
      const subject = scanner();
      const pieces = cut(bytes, places);
      const from = heldFrom(subject, pieces);
      assert.ok(from >= Buffer.byteLength(open), `held from ${from}`);
      // Without the end of its line an event is nothing to a client.
      assert.ok(from <= bytes.length - 1, "its last byte is held");
      const again = scanner();
      for (const piece of pieces) again.push(piece);
      assert.equal(again.state, "whole");
    }));
  });
}

Deno.test("content that looks like a terminal event is let through", () => {
  const said = JSON.stringify({ choices: [{ delta: { content: "data: [DONE]\n\nevent: message_stop\n" } }] });
  assert.equal(heldFrom(sse(), [Buffer.from(`data: ${said}\n\n`)]), -1);
  assert.equal(
    heldFrom(sse(), [Buffer.from("id: data: [DONE]\n\n"), Buffer.from("event: message_stopped\n\n")]),
    -1,
  );
  const line = JSON.stringify({ message: { content: '{"done":true}', x: [{ done: true }] }, done: false });
  assert.equal(heldFrom(ndjson(), [Buffer.from(`${line}\n`)]), -1);
  assert.equal(
    heldFrom(ndjson(), [Buffer.from('{"\\"done":true,"x":"done","y":true,"undone":true}\n["done",true]\n')]),
    -1,
  );
});

Deno.test("what is no event stream, or is compressed, has no scanner", () => {
  assert.equal(terminalScanner("application/json", undefined), undefined);
  assert.equal(terminalScanner(undefined, undefined), undefined);
  assert.equal(terminalScanner("text/event-stream", "gzip"), undefined);
  assert.ok(terminalScanner("Text/Event-Stream", "identity"));
});
