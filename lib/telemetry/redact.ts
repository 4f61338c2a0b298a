const SECRET_NAME =
  /(^|[._-])(authorization|proxy-authorization|cookie|set-cookie|api[._-]?key|x-api-key|pass(word|wd|phrase)|secret|token|credentials?)$/;
const SECRET_TEXT = [
  /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /\bsk-[A-Za-z0-9_-]{8,}/g,
  /\b(gh[pousr]_|xox[abp]-|AKIA|AIza)[A-Za-z0-9_-]{12,}/g,
];
const SECRET_QUERY = /([?&](?:api[_-]?key|key|token|access_token|secret|password|signature|sig)=)[^&\s"']+/gi;
const SECRET_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi;

/** Whether a field of this name holds a secret: `api_key`, `saslPassword`, `set-cookie`. Counts (`tokens`) do not. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase());
}

/** The text with what looks like a key, a password in a URL or a bearer token replaced by `***`. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const pattern of SECRET_TEXT) masked = masked.replace(pattern, "***");
  return masked.replace(SECRET_QUERY, "$1***").replace(SECRET_URL, "$1***@");
}
