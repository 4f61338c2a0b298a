import type { Codec, CodecFactory } from "../../../../lib/bus/handler.ts";

/** Counts in Roman figures, up to three, in the figure that is the option. */
export const roman = (figure: string): Codec<number> => ({
  name: "roman",
  worker: { module: new URL(import.meta.url), options: figure },
  encode: (value) => new TextEncoder().encode(figure.repeat(value)),
  decode: (bytes) => bytes.length,
});

const factory: CodecFactory = (figure) => roman(String(figure));
export default factory;
