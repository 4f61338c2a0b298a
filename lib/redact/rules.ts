import { apiKeys, tokens } from "./keys.ts";
import { addresses, cards, emails, ibans } from "./people.ts";
import { phones } from "./phones.ts";
import type { Rule } from "./rule.ts";

/** What is looked for, in the order in which rules win over each other. */
export function builtInRules(phoneCountry?: string): readonly Rule[] {
  return [apiKeys, tokens, ibans, cards, emails, phones(phoneCountry), addresses];
}
