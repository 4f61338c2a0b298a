import type { PluginCase } from "./plugin_case.ts";
import { LIFE_CASES } from "./plugin_life_cases.ts";
import { RECORD_CASES } from "./plugin_record_cases.ts";
import { SETUP_CASES } from "./plugin_setup_cases.ts";

/** Every case of the plugin suite, in the order they are run. */
export const PLUGIN_CASES: readonly PluginCase[] = [...SETUP_CASES, ...LIFE_CASES, ...RECORD_CASES];
