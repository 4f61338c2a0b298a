import type { Json } from "../turn.ts";
import { asObject, type JsonObject } from "./json.ts";

/** Members that name a thing: said again they stay, said differently the later one holds. */
const NAMES: ReadonlySet<string> = new Set([
  "id",
  "type",
  "role",
  "name",
  "index",
  "format",
  "object",
  "status",
]);

function set(target: JsonObject, key: string, value: Json): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Elements with an `index` are merged with the one of that index, others are appended. */
function mergeLists(target: Json[], delta: Json[]): Json[] {
  for (const element of delta) {
    const index = asObject(element)?.index;
    const at = typeof index === "number" ? target.findIndex((known) => asObject(known)?.index === index) : -1;
    const known = at >= 0 ? asObject(target[at]) : undefined;
    const news = asObject(element);
    if (known && news) mergeDelta(known, news);
    else target.push(copy(element));
  }
  return target;
}

/** A copy of lists and objects, so that merging never changes what was parsed elsewhere. */
function copy(value: Json): Json {
  if (Array.isArray(value)) return value.map(copy);
  const object = asObject(value);
  return object === undefined ? value : mergeDelta({}, object);
}

function mergeValue(known: Json | undefined, delta: Json, key: string): Json {
  if (known === undefined || known === null) return copy(delta);
  if (typeof known === "string" && typeof delta === "string") {
    if (NAMES.has(key)) return delta === "" ? known : delta;
    return known + delta;
  }
  if (Array.isArray(known) && Array.isArray(delta)) return mergeLists(known, delta);
  const before = asObject(known), news = asObject(delta);
  return before && news ? mergeDelta(before, news) : copy(delta);
}

/** Adds one member of a piece of a stream to what came before, in place. */
export function mergeMember(target: JsonObject, key: string, value: Json): void {
  const known = Object.hasOwn(target, key) ? target[key] : undefined;
  if (value !== null) set(target, key, mergeValue(known, value, key));
  else if (known === undefined) set(target, key, null);
}

/**
 * Adds a piece of a stream to what came before, in place: texts are joined, objects merged, lists appended or merged
 * by `index`; null adds nothing.
 */
export function mergeDelta(target: JsonObject, delta: JsonObject): JsonObject {
  for (const key in delta) {
    const value = delta[key];
    if (value !== undefined) mergeMember(target, key, value);
  }
  return target;
}
