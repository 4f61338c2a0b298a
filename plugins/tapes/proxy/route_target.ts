/** A request target with its routing prefix taken off. */
export interface RoutedTarget {
  /** Raw path and query for the upstream; starts with `/`. */
  target: string;
  agent?: string;
  provider?: string;
}

const prefix = /^\/agents\/([^/?]+)(?:\/providers\/([^/?]+))?(?=[/?]|$)/;

/** Reads `/agents/NAME/…` and `/agents/NAME/providers/P/…`; anything else is left as it is. */
export function routeTarget(target: string): RoutedTarget {
  const match = prefix.exec(target);
  if (!match) return { target };
  const rest = target.slice(match[0].length);
  return {
    target: rest.startsWith("/") ? rest : `/${rest}`,
    agent: decoded(match[1]!).trim() || undefined,
    provider: match[2] && decoded(match[2]),
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
