/** Signals that ask the program to stop. Windows knows the first and the last alone. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Why a command's signal was aborted: a person or a supervisor asked the program to stop. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(readonly received: Deno.Signal) {
    super(`Stopped by ${received}`);
  }
}

/** Calls `onSignal` for each request to stop until disposed of; signals in `but` ask for something else. */
export function listenForStop(
  onSignal: (name: Deno.Signal, times: number) => void,
  but: readonly Deno.Signal[] = [],
): Disposable {
  let times = 0;
  const listeners = STOP_SIGNALS.filter((name) => !but.includes(name)).map((name) => {
    const listener = () => onSignal(name, ++times);
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

/** What a shell expects as the exit code of a process that a signal ended. */
export function exitCodeOfSignal(name: Deno.Signal): number {
  return name === "SIGTERM" ? 143 : name === "SIGHUP" ? 129 : 130;
}
