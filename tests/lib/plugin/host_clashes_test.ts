import assert from "node:assert/strict";
import type { PluginContext } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";

const clashes: [string, (ctx: PluginContext) => void, (ctx: PluginContext) => void, RegExp][] = [
  [
    "a topic declared otherwise",
    (ctx) => ctx.topic({ name: "t", partitions: 1 }),
    (ctx) => ctx.topic({ name: "t", partitions: 2 }),
    /Cannot set up plugin b: Cannot declare topic t for b: a declared/,
  ],
  [
    "a route",
    (ctx) => ctx.route("GET", "/x/:a", () => new Response()),
    (ctx) => ctx.route("get", "/x/:b", () => new Response()),
    /Cannot route get \/x\/:b for b: a answers it/,
  ],
  [
    "a command",
    (ctx) => ctx.command({ path: "x", doc: "", run: async () => {} }),
    (ctx) => ctx.command({ path: "x y", doc: "", run: async () => {} }),
    /"x y" for b: a has "x"/,
  ],
  [
    "a metric",
    (ctx) => ctx.counter({ name: "n", help: "N." }),
    (ctx) => ctx.gauge({ name: "n", help: "N." }),
    /^$/,
  ],
  [
    "a group on one topic",
    (ctx) => void ctx.stream({ topics: ["t"], group: "g" }, () => {}),
    (ctx) => void ctx.stream({ topics: ["t"], group: "g" }, () => {}),
    /a\/g reads as group g already/,
  ],
  [
    "the agent's own path",
    () => {},
    (ctx) => ctx.route("GET", "/metrics", () => new Response()),
    /the agent answers it/,
  ],
];
for (const [what, first, second, expected] of clashes) {
  Deno.test(`two plugins that claim ${what} are ${expected.source === "^$" ? "kept apart" : "refused"}`, () =>
    withHost([{ name: "a", setup: first }, { name: "b", setup: second }], ({ host }) => {
      if (expected.source === "^$") host.register();
      else assert.throws(() => host.register(), expected);
      return Promise.resolve();
    }));
}

Deno.test("metrics of two plugins whose whole names meet are refused", () =>
  withHost([
    { name: "a", setup: (ctx) => void ctx.counter({ name: "b_c", help: "N." }) },
    { name: "a_b", setup: (ctx) => void ctx.counter({ name: "c", help: "N." }) },
  ], ({ host }) => {
    assert.throws(() => host.register(), /capstan_a_b_c/);
    return Promise.resolve();
  }));
