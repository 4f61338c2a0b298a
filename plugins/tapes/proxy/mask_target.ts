const secretName =
  /^(?:(?:.*[-_.])?(?:key|token|secret|password|passwd|signature|credential)|api-?key|sig|code|auth|authorization|jwt|session|sessionid|client_?secret|access_?token|x-amz-signature|x-amz-credential|x-goog-signature)$/i;

/** The request target with the values of key-like query parameters masked (`key=***`). Nothing else changes. */
export function maskTarget(target: string): string {
  const query = target.indexOf("?");
  if (query < 0) return target;
  return target.slice(0, query + 1) +
    target.slice(query + 1).split(/([&;])/).map((part) => maskParameter(part)).join("");
}

function maskParameter(part: string): string {
  const equals = part.indexOf("=");
  if (equals < 0) return part;
  return secretName.test(decoded(part.slice(0, equals))) ? `${part.slice(0, equals)}=***` : part;
}

/** A name may be percent-encoded to the upstream's taste: `%6Bey` is `key`. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " ")).trim();
  } catch {
    return name;
  }
}
