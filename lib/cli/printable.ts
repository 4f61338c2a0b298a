/** Text that cannot move the cursor or hide what stands before it: control characters but tab and newline are replaced. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => char === "\n" || char === "\t" ? char : "\ufffd");
}

/** The same on one line: newlines and tabs become spaces. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, " ");
}
