/**
 * The same promise, for a test that does something else before it awaits it. Where it rejects meanwhile, that is told
 * where it is awaited, and is not an error nobody caught, which would fail the whole file.
 */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
