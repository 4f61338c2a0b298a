import { Ajv2020, type AnySchemaObject, type ErrorObject } from "ajv/dist/2020.js";
import { errorChain } from "../telemetry/plain.ts";

/** What is wrong with a value, for a person: `value/foo must be string; …`. `undefined`: it matches. */
export type SchemaCheck = (value: unknown) => string | undefined;

/** Faults named of one value. */
const NAMED = 5;

/**
 * Compiles a JSON Schema (draft 2020-12). Formats are notes, as the draft has it; keywords it does not know are an
 * error, because a misspelt one would check nothing.
 * @throws {TypeError} it is no schema; says where.
 */
export type SchemaCompiler = (schema: Readonly<Record<string, unknown>>) => SchemaCheck;

/** Makes a compiler. Loading this file costs 0.1 s: import it only where there is a schema. */
export function schemaCompiler(): SchemaCompiler {
  const compiler = new Ajv2020({
    allErrors: true,
    strictSchema: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
    validateFormats: false,
    logger: false,
  });
  return (schema) => {
    for (const keyword of remarksOf(schema)) {
      if (compiler.getKeyword(keyword) === false) compiler.addKeyword(keyword);
    }
    const plain: AnySchemaObject = { ...schema };
    let validate: ReturnType<typeof compiler.compile>;
    try {
      validate = compiler.compile(plain);
    } catch (cause) {
      throw new TypeError(errorChain(cause), { cause });
    } finally {
      // Another topic's may have the same `$id`.
      compiler.removeSchema(plain);
    }
    return (value) => validate(value) ? undefined : faultsOf(validate.errors ?? []);
  };
}

/** Keywords `x-…`, which are remarks of others by custom. */
function remarksOf(schema: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  return new Set([...JSON.stringify(schema).matchAll(/"(x-[\w-]+)":/g)].map(([, name = ""]) => name));
}

function faultsOf(errors: readonly ErrorObject[]): string {
  const named = errors.slice(0, NAMED).map(faultOf);
  const more = errors.length - named.length;
  return [...new Set(named), ...more > 0 ? [`and ${more} more`] : []].join("; ");
}

function faultOf({ instancePath, message = "is wrong", params }: ErrorObject): string {
  const { additionalProperty, unevaluatedProperty, allowedValues, allowedValue } = params;
  const surplus = additionalProperty ?? unevaluatedProperty;
  const allowed = allowedValues ?? (allowedValue === undefined ? undefined : [allowedValue]);
  const detail = surplus !== undefined
    ? `: ${surplus}`
    : Array.isArray(allowed)
    ? `: ${allowed.map((each) => JSON.stringify(each)).join(", ")}`
    : "";
  return `value${instancePath} ${message}${detail}`;
}
