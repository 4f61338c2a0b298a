import type { Plugin } from "capstan";
import audit from "./audit/mod.ts";
import insights from "./insights/mod.ts";
import tapes from "./tapes/mod.ts";

/** The plugins this program is built with, in the order of their setup. */
export const plugins: readonly Plugin[] = [tapes, insights, audit];
