import { isPlaceholder } from "./keys.ts";

/** Names of members whose text is a secret. Counts (`max_tokens`) and places (`token_url`) are not. */
const NAME =
  /(?:^|[._-])(?:authorization|cookie|set-cookie|api[._-]?key|access[._-]?key|private[._-]?key|pass(?:word|wd|phrase)|pwd|secret|(?:access|auth|refresh|id|session|bearer|csrf|api)[._-]?token|credentials?|client[._-]?secret|secret[._-]?key)$|^token$/;
const SHORTEST = 6;
/** What redaction itself wrote. */
const WRITTEN = /^(?:\[\w+(?::[0-9a-f]{12})?\])+$/;

/** Whether a text is a secret because of the name it stands under: `{"password": "…"}`. */
export function isNamedSecret(name: string, text: string): boolean {
  if (text.length < SHORTEST || text.length > 4_096 || /\s/.test(text) || WRITTEN.test(text)) return false;
  if (name.length > 100 || !NAME.test(name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase())) {
    return false;
  }
  return /\d|[^\w.-]/.test(text) && !isPlaceholder(text);
}
