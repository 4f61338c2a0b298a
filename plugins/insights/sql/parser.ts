import { readFile } from "node:fs/promises";
import { readJson } from "capstan/json";

/** What the parser gives for one text: its statements as trees of plain JSON, or why there are none. */
export type SqlParse =
  | { ok: true; statements: unknown[] }
  | {
    ok: false;
    reason: string;
    /** Code points from the start of the text; absent where the parser names no place. */
    offset?: number;
  };

/** Parses SQL of 34 dialects into trees. */
export interface SqlParser {
  /** Never throws. */
  parse(sql: string, dialect: string): SqlParse;
  /** Names of the dialects it knows. */
  readonly dialects: ReadonlySet<string>;
}

/**
 * Loads the parser (`@polyglot-sql/sdk`, Rust in WebAssembly).
 *
 * The package's own JavaScript keeps one instance for the whole process. An input that overflows the stack costs that
 * instance some 12 MB and, repeated, its life; so the instance is made here, and replaced after a trap.
 * @throws {Error} the WebAssembly can't be read or is not of the expected shape.
 */
export async function loadSqlParser(): Promise<SqlParser> {
  // Names what is in the package, and lets the runtime know of it: it resolves no package that nothing imports.
  const { Dialect } = await import("@polyglot-sql/sdk/manual");
  const bytes = await readFile(new URL(import.meta.resolve("@polyglot-sql/sdk/polyglot_sql.wasm")));
  const module = await WebAssembly.compile(new Uint8Array(bytes));
  let instance: Instance | undefined = new Instance(module);
  return {
    dialects: new Set<string>(Object.values(Dialect)),
    parse(sql, dialect) {
      try {
        instance ??= new Instance(module);
        const outcome = instance.parse(sql, dialect);
        // Memory of an instance never shrinks.
        if (instance.bytes > MOST_MEMORY) instance = undefined;
        return outcome;
      } catch (error) {
        instance = undefined;
        return { ok: false, reason: `the parser failed: ${error instanceof Error ? error.message : error}` };
      }
    },
  };
}

/** An instance that grew beyond this is replaced, in bytes. */
const MOST_MEMORY = 128 * 1024 * 1024;

type Call = (...values: number[]) => number;

/** One instance of the WebAssembly, with the five functions of its interface that parsing to text takes. */
class Instance {
  readonly #memory: WebAssembly.Memory;
  readonly #parse: Call;
  readonly #allocate: Call;
  readonly #free: Call;
  readonly #moveStack: Call;

  constructor(module: WebAssembly.Module) {
    const imports: Record<string, Record<string, () => never>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= {})[name] = () => {
        throw new Error(`it called ${name}`);
      };
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    if (!(exports.memory instanceof WebAssembly.Memory)) {
      throw new Error("Cannot use the SQL parser: it has no memory");
    }
    this.#memory = exports.memory;
    this.#parse = call(exports, "parse");
    this.#allocate = call(exports, "__wbindgen_export");
    this.#free = call(exports, "__wbindgen_export4");
    this.#moveStack = call(exports, "__wbindgen_add_to_stack_pointer");
  }

  /** Size of its memory in bytes. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  parse(sql: string, dialect: string): SqlParse {
    const result = this.#moveStack(-16);
    this.#parse(result, ...this.#give(sql), ...this.#give(dialect));
    const view = new DataView(this.#memory.buffer);
    const [at, length] = [view.getUint32(result, true), view.getUint32(result + 4, true)];
    const text = new TextDecoder().decode(new Uint8Array(this.#memory.buffer, at, length));
    this.#moveStack(16);
    this.#free(at, length, 1);
    return outcomeOf(readJson(text));
  }

  /** Copies a text into the memory; the callee frees it. */
  #give(text: string): [at: number, length: number] {
    const bytes = new TextEncoder().encode(text);
    const at = this.#allocate(bytes.length, 1) >>> 0;
    new Uint8Array(this.#memory.buffer).set(bytes, at);
    return [at, bytes.length];
  }
}

function call(exports: WebAssembly.Exports, name: string): Call {
  const found = exports[name];
  if (typeof found !== "function") throw new Error(`Cannot use the SQL parser: it has no ${name}`);
  return (...values) => Number(found(...values));
}

function outcomeOf(answer: unknown): SqlParse {
  const { success, ast, error, errorStart } = Object(answer);
  if (success !== true || typeof ast !== "string") {
    const offset = typeof errorStart === "number" ? { offset: errorStart } : {};
    return { ok: false, reason: plain(String(error)), ...offset };
  }
  const statements: unknown = readJson(ast);
  return { ok: true, statements: Array.isArray(statements) ? statements : [] };
}

/** Without the place, which is told apart. */
function plain(message: string): string {
  return message.replace(/^Parse error at line \d+, column \d+: /, "");
}
