import type { Answer, Json } from "../turn.ts";

function nameOf(tool: Json): string | undefined {
  if (tool === null || typeof tool !== "object" || Array.isArray(tool)) return undefined;
  const inner = tool.function;
  for (const named of [inner, tool]) {
    if (named === null || typeof named !== "object" || Array.isArray(named)) continue;
    if (typeof named.name === "string") return named.name;
  }
  return typeof tool.type === "string" ? tool.type : undefined;
}

/** Names of the tools a request offers, in its order; a provider's own tool without a name goes by its type. */
export function toolsOffered(tools: readonly Json[] | undefined): string[] {
  return (tools ?? []).flatMap((tool) => nameOf(tool) ?? []);
}

/** Names of the tools that answers call, each once. */
export function toolsUsed(answers: readonly Answer[]): string[] {
  const names = new Set<string>();
  for (const { message } of answers) {
    for (const block of message.content ?? []) {
      if (block.type === "tool_use" && block.tool_name) names.add(block.tool_name);
    }
  }
  return [...names];
}
