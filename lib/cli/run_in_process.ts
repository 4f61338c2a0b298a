import { inspect } from "node:util";
import type { Io } from "./io.ts";

/** What a suite gives `Deno.test`. */
interface Definition {
  name: string;
  ignore?: boolean;
  fn: () => void | Promise<void>;
}

/** A test as it was registered. */
interface Registered {
  name: string;
  ignore: boolean;
  run: () => void | Promise<void>;
}

/**
 * Runs what `register` registers with `Deno.test`, one test after the other, where the test runner itself can't be had:
 * without its checks for leaks, and without steps. Gives the exit code.
 */
export async function runInProcess(
  register: () => void | Promise<void>,
  { io, signal }: { io: Pick<Io, "stdout">; signal: AbortSignal },
): Promise<number> {
  let failed = 0;
  let passed = 0;
  const tests = await registeredBy(register);
  for (const { name, ignore, run } of tests) {
    signal.throwIfAborted();
    if (ignore) {
      await io.stdout.write(`${name} ... ignored\n`);
      continue;
    }
    try {
      await run();
      passed++;
      await io.stdout.write(`${name} ... ok\n`);
    } catch (error) {
      failed++;
      await io.stdout.write(`${name} ... FAILED\n${inspect(error)}\n`);
    }
  }
  await io.stdout.write(`\n${failed === 0 ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

/** `Deno.test` is nothing where no tests are run; it is back as it was before the first of them runs. */
async function registeredBy(register: () => void | Promise<void>): Promise<Registered[]> {
  const tests: Registered[] = [];
  const before = Deno.test;
  const test = ({ name, ignore = false, fn }: Definition) => {
    tests.push({ name, ignore, run: fn });
  };
  Object.defineProperty(Deno, "test", { value: test, configurable: true, writable: true });
  try {
    await register();
  } finally {
    Object.defineProperty(Deno, "test", { value: before, configurable: true, writable: true });
  }
  return tests;
}
