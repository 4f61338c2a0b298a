import assert from "node:assert/strict";
import fc from "fast-check";
import { typedWords, wordsOf } from "../../../../lib/cli/completion/typed_words.ts";

Deno.test("typedWords() takes words as they are, or takes a line apart", () => {
  assert.deepEqual(typedWords(["__complete", "--", "run", "--", ""]), ["run", "--", ""]);
  assert.deepEqual(typedWords(["__complete", "--line", "capstan run --provider o"]), [
    "run",
    "--provider",
    "o",
  ]);
  assert.deepEqual(typedWords(["__complete", "--line", "capstan run "]), ["run", ""]);
  assert.deepEqual(typedWords(["__complete"]), []);
});

Deno.test("wordsOf() reads quotes and backslashes, closed or open", () => {
  assert.deepEqual(wordsOf(`a 'b c' "d \\" e" f\\ g`), ["a", "b c", 'd " e', "f g"]);
  assert.deepEqual(wordsOf(`a 'b c`), ["a", "b c"]);
  assert.deepEqual(wordsOf(`a "b c`), ["a", "b c"]);
  assert.deepEqual(wordsOf(`a ''`), ["a", ""]);
  assert.deepEqual(wordsOf(""), [""]);
  assert.deepEqual(wordsOf("a \\"), ["a", ""]);
});

Deno.test("wordsOf() gives back whatever words were quoted", () => {
  const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (words) => {
    assert.deepEqual(wordsOf(words.map(quoted).join(" ")), words);
  }));
  fc.assert(fc.property(fc.string(), (line) => void wordsOf(line)));
});
