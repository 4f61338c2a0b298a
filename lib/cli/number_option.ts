import { UsageError } from "./exit.ts";

/**
 * A whole number given to a flag; `undefined` where the flag was not given.
 * @throws {UsageError} it is no whole number, or below `min`.
 */
export function numberOption(
  flag: string,
  value: unknown,
  options: { min: number },
): number | undefined {
  if (value === undefined) return undefined;
  const text = String(value).trim();
  const number = Number(text);
  if (text === "" || !Number.isSafeInteger(number) || number < options.min) {
    throw new UsageError(
      `Cannot use ${flag} "${value}": it takes a whole number of at least ${options.min}`,
    );
  }
  return number;
}
