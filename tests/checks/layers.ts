import type { Import } from "./imports.ts";

/** Rooms of lib, and the rooms each may import beside itself and those that are everybody's. */
const lib: Readonly<Record<string, readonly string[]>> = {
  plugin: ["bus", "store", "config", "http", "redact", "access"],
  bus: ["store"],
  store: [],
  config: [],
  redact: [],
  access: [],
  http: ["access"],
  telemetry: [],
  json: [],
  cli: ["plugin", "bus", "store", "config", "redact", "access", "http", "clients"],
  clients: ["bus", "store", "config"],
  testing: ["plugin", "bus", "store", "config"],
};

/** Rooms that everything in lib may import. */
const everybodys: readonly (string | undefined)[] = ["telemetry", "json"];

/** Why an import breaks the rules of the house, or `undefined` where it does not. */
export function offence({ from, to }: Import): string | undefined {
  const [room, name] = from.split("/");
  if (room === "tests") return undefined;
  if (to === "node:sqlite") {
    return inRoom(from, "lib/store/") ? undefined : "node:sqlite belongs to lib/store";
  }
  if (to.startsWith("@platformatic/kafka")) {
    return from.startsWith("lib/bus/kafka/") ? undefined : "@platformatic/kafka belongs to lib/bus/kafka";
  }
  const ours = /\.tsx?$/.test(to);
  if (!ours) return undefined;
  const [target, targetName] = to.split("/");
  if (from === "main.ts") {
    return to === "mod.ts" || to === "plugins/mod.ts" || inRoom(to, "lib/cli/")
      ? undefined
      : "main imports mod, lib/cli and plugins/mod";
  }
  if (from === "mod.ts") {
    const allowed = [
      "lib/plugin/",
      "lib/clients/",
      "lib/config/schema.ts",
      "lib/bus/contract.ts",
      "lib/store/contract.ts",
      "lib/telemetry/",
    ];
    return allowed.some((place) => to.startsWith(place)) ? undefined : "mod imports contracts and clients";
  }
  if (from === "plugins/mod.ts") {
    return to.startsWith("plugins/") || to === "mod.ts" ? undefined : "plugins/mod lists the built-ins";
  }
  if (room === "plugins") {
    if (to === "mod.ts" || to === "lib/json/read_json.ts" || (target === "plugins" && targetName === name)) {
      return undefined;
    }
    return "a plugin imports the public API, packages and itself";
  }
  // The one place that hands the suites to those who test their plugins with the program.
  if (from === "lib/cli/testing_module.ts" && to === "lib/testing/mod.ts") return undefined;
  if (room === "lib") {
    if (target !== "lib") return "lib never imports plugins, mod or tests";
    const allowed = lib[name!];
    if (!allowed) return `lib/${name} is no room of DESIGN`;
    if (targetName === name || everybodys.includes(targetName) || allowed.includes(targetName!)) {
      return undefined;
    }
    return `lib/${name} may not import lib/${targetName}`;
  }
  return undefined;
}

function inRoom(path: string, room: string): boolean {
  return path.startsWith(room);
}
