/** A command of a line as its words, without the variables set for it. */
export type Words = readonly string[];

/** Ends a command in a line of the shell, or says where its input and output go. */
const OPERATOR = /^(\|\||&&|[|;&])$/;
const REDIRECTION = /^[<>]/;

/**
 * The commands in a line of the shell as examples have them: quotes, pipes, redirections, `"$(…)"`, variables set for
 * one command, a comment at the end. Nothing is expanded.
 */
export function commandsIn(line: string): Words[] {
  const commands: string[][] = [[]];
  let skip = false;
  for (const { text, bare } of wordsOf(line)) {
    const command = commands.at(-1)!;
    if (bare && OPERATOR.test(text)) commands.push([]);
    else if (skip) skip = false;
    else if (bare && REDIRECTION.test(text)) skip = /^[<>]+$/.test(text);
    else if (/^\$\(.*\)$/.test(text)) {
      commands.push(...commandsIn(text.slice(2, -1)).map((inner) => [...inner]));
    } else if (command.length > 0 || !/^[A-Z_]+=/.test(text)) command.push(text);
  }
  return commands.filter((command) => command.length > 0);
}

/** `bare`: nothing of it was quoted. */
function wordsOf(line: string): { text: string; bare: boolean }[] {
  const words: { text: string; bare: boolean }[] = [];
  let at: { text: string; bare: boolean } | undefined;
  let rest = line;
  while (rest !== "") {
    const [piece = "", blank, single, double, escaped, operator] =
      /^(?:(\s+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\|\||&&|[|;&])|[^\s'"\\|;&]+)/.exec(rest) ?? [];
    if (piece === "") throw new Error(`a quote without its end: ${line}`);
    rest = rest.slice(piece.length);
    if (blank !== undefined || operator !== undefined) {
      if (at) words.push(at);
      at = undefined;
      if (operator !== undefined) words.push({ text: operator, bare: true });
      continue;
    }
    if (at === undefined && piece.startsWith("#")) break;
    const quoted = single ?? double?.replace(/\\(.)/g, "$1") ?? escaped;
    at = { text: (at?.text ?? "") + (quoted ?? piece), bare: (at?.bare ?? true) && quoted === undefined };
  }
  if (at) words.push(at);
  return words;
}
