const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  TB: 1_000_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
  TiB: 1_099_511_627_776,
};

/** What a size looks like, as a regular expression for a whole text. */
export const BYTES_PATTERN = "([0-9]+(\\.[0-9]+)?([KMGT]i?)?B|[0-9]+)";

/** Bytes of `"512"`, `"64KB"` (1,000), `"1.5MiB"` (1,024); `undefined` when the text is no size a number can count. */
export function parseBytes(text: string): number | undefined {
  const match = new RegExp(`^${BYTES_PATTERN}$`).exec(text);
  if (match === null) return undefined;
  const figure = Number.parseFloat(text);
  const unit = BYTES[text.replace(/^[0-9.]+/, "")];
  if (unit === undefined) return undefined;
  const bytes = Math.round(figure * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that `parseBytes` reads as these whole bytes. */
export function formatBytes(bytes: number): string {
  if (bytes === 0) return "0";
  for (const unit of ["TB", "TiB", "GB", "GiB", "MB", "MiB", "KB", "KiB"]) {
    const size = BYTES[unit] ?? 1;
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}`;
}
