/**
 * Calls `onHangup` for each SIGHUP until disposed of, and `onTerminalGone` where it came because the terminal that the
 * program was started at has been closed. Windows has no such signal.
 */
export function listenForHangup(
  { onHangup, onTerminalGone }: { onHangup(): void; onTerminalGone(): void },
): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]() {} };
  const atTerminal = isAtTerminal();
  const listener = () => atTerminal && !isAtTerminal() ? onTerminalGone() : onHangup();
  Deno.addSignalListener("SIGHUP", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
}

/** A terminal that was closed is none any more. */
function isAtTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}
