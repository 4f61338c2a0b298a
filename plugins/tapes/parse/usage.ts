import type { Json, Usage } from "../turn.ts";
import { asCount, asObject, type JsonObject } from "./json.ts";

function known(usage: Usage): Usage | undefined {
  const entries = Object.entries(usage).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function sum(...parts: (number | undefined)[]): number | undefined {
  return parts.every((part) => part === undefined)
    ? undefined
    : parts.reduce<number>((a, b) => a + (b ?? 0), 0);
}

/** Usage of chat completions. */
export function openaiUsage(raw: Json | undefined): Usage | undefined {
  const usage = asObject(raw);
  if (usage === undefined) return undefined;
  const asked = asObject(usage.prompt_tokens_details), answered = asObject(usage.completion_tokens_details);
  const prompt = asCount(usage.prompt_tokens), completion = asCount(usage.completion_tokens);
  return known({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: asCount(usage.total_tokens) ?? sum(prompt, completion),
    cache_read_input_tokens: asCount(asked?.cached_tokens) ?? asCount(usage.prompt_cache_hit_tokens),
    reasoning_tokens: asCount(answered?.reasoning_tokens),
  });
}

/** Usage of Anthropic's messages. Prompt tokens are all of the input, from the cache or not. */
export function anthropicUsage(raw: Json | undefined): Usage | undefined {
  const usage = asObject(raw);
  if (usage === undefined) return undefined;
  const created = asCount(usage.cache_creation_input_tokens), read = asCount(usage.cache_read_input_tokens);
  const prompt = sum(asCount(usage.input_tokens), created, read), completion = asCount(usage.output_tokens);
  return known({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: sum(prompt, completion),
    cache_creation_input_tokens: created,
    cache_read_input_tokens: read,
  });
}

/** Usage of the Responses API. */
export function responsesUsage(raw: Json | undefined): Usage | undefined {
  const usage = asObject(raw);
  if (usage === undefined) return undefined;
  const prompt = asCount(usage.input_tokens), completion = asCount(usage.output_tokens);
  return known({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: asCount(usage.total_tokens) ?? sum(prompt, completion),
    cache_read_input_tokens: asCount(asObject(usage.input_tokens_details)?.cached_tokens),
    reasoning_tokens: asCount(asObject(usage.output_tokens_details)?.reasoning_tokens),
  });
}

/** What Ollama's last object says of its work. */
export const OLLAMA_METRICS: readonly string[] = [
  "total_duration",
  "load_duration",
  "prompt_eval_count",
  "prompt_eval_duration",
  "eval_count",
  "eval_duration",
];

/** Usage of Ollama, whose numbers stand in the answer itself. */
export function ollamaUsage(answer: JsonObject): Usage | undefined {
  const prompt = asCount(answer.prompt_eval_count), completion = asCount(answer.eval_count);
  return known({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: sum(prompt, completion),
    total_duration_ns: asCount(answer.total_duration),
    prompt_duration_ns: asCount(answer.prompt_eval_duration),
  });
}
