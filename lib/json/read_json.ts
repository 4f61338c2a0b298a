import { createScanner } from "jsonc-parser";
import { mayEscapeKey } from "./escaped_key.ts";

/** How JSON is read. */
export interface ReadJsonOptions {
  /** What becomes of a number; gets its text. Without it, a double. */
  readonly numberOf?: (source: string) => unknown;
}

/** The kinds of token that matter, as `jsonc-parser` numbers them: its enum is not there at run time. */
const OPEN_OBJECT = 1;
const CLOSE_OBJECT = 2;
const OPEN_LIST = 3;
const CLOSE_LIST = 4;
const COMMA = 5;
const COLON = 6;
const STRING = 10;
const NUMBER = 11;
const END = 17;

/**
 * A JSON text's value, as `JSON.parse` should give it: every key is the one that stands there.
 *
 * V8 (13.6 to 15.0 at least) may take a key with an escape for another: it holds the key's source against the key that
 * followed in an earlier object, as many characters of it as that key has. After `{"a":0,"\\":1}` it reads the `"\n"` of
 * `{"a":0,"\n":1}` as a backslash; where one object has both, a member is lost (nodejs/node#63785). Keys without an
 * escape are safe, and most texts have no others; the rest are read here.
 * @throws {SyntaxError} the text is no JSON.
 */
export function readJson<T>(text: string, { numberOf }: ReadJsonOptions = {}): T {
  const value: T = JSON.parse(text);
  return numberOf === undefined && !mayEscapeKey(text) ? value : build(text, numberOf ?? Number) as T;
}

/** An object or list that is not closed yet, and the key whose value comes next. */
interface Open {
  readonly into: unknown[] | Record<string, unknown>;
  key?: string;
}

/** The value of a text that is known to be JSON, nested as deep as it may be. */
function build(text: string, numberOf: (source: string) => unknown): unknown {
  const tokens = createScanner(text, true);
  const open: Open[] = [{ into: [] }];
  let top = open[0]!;
  const root = top.into;

  function add(value: unknown): void {
    if (Array.isArray(top.into)) top.into.push(value);
    else {
      // To assign `__proto__` would set the prototype.
      Object.defineProperty(top.into, top.key!, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
      top.key = undefined;
    }
  }

  function begin(into: Open["into"]): void {
    add(into);
    open.push(top = { into });
  }

  for (let token: number = tokens.scan(); token !== END; token = tokens.scan()) {
    if (token === OPEN_OBJECT) begin({});
    else if (token === OPEN_LIST) begin([]);
    else if (token === CLOSE_OBJECT || token === CLOSE_LIST) {
      open.pop();
      top = open.at(-1)!;
    } else if (token === STRING) {
      const text = tokens.getTokenValue();
      if (Array.isArray(top.into) || top.key !== undefined) add(text);
      else top.key = text;
    } else if (token === NUMBER) add(numberOf(tokens.getTokenValue()));
    else if (token !== COMMA && token !== COLON) add(JSON.parse(tokens.getTokenValue()));
  }
  return (root as unknown[])[0];
}
