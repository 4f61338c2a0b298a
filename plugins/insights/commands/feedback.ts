import type { CommandCall, PluginCommand } from "capstan";
import { readFeedback } from "../intake/read_feedback.ts";
import { INTAKE_TOPIC } from "../intake/intake_stream.ts";
import { Refusal } from "../intake/refusal.ts";
import type { Settings } from "../settings.ts";

const HASH = /^[0-9a-f]{64}$/;

/** `capstan feedback`: what `POST /v1/feedback` does, from the command line. */
export function feedbackCommand({ source }: Pick<Settings, "source">): PluginCommand {
  return {
    path: "feedback",
    doc: "Judge an answer: by the id its client saw, or by its node's hash.",
    args: [{ name: "<answer>", doc: "Response id (chatcmpl-…, msg_…, resp_…), or hash of a node." }],
    options: [
      { flags: "--up", doc: "It was good." },
      { flags: "--down", doc: "It was bad." },
      { flags: "--stars <count>", doc: "From 1 to 5." },
      { flags: "--rating <number>", doc: "From -1 to 1." },
      { flags: "--conversation", doc: "The hash is a conversation's first node; its newest turn is judged." },
      { flags: "--comment <text>", doc: "Why it was good or bad." },
      { flags: "--correction <text>", doc: "What should have been answered." },
      { flags: "--tags <names>", doc: "Tags, with commas between." },
      { flags: "--user <name>", doc: "Who judges." },
      { flags: "--tenant <name>", doc: "Whose answer it is." },
      { flags: "--event-id <id>", doc: "The same id counts once." },
    ],
    examples: [
      'capstan feedback chatcmpl-123 --up --comment "just right"',
      'capstan feedback msg_01AB --stars 2 --correction "Paris"',
    ],
    run: (call) => judge(call, source),
  };
}

async function judge(call: CommandCall, source: string): Promise<void> {
  const [answer = ""] = call.args;
  const { up, down, stars, rating, conversation, comment, correction, tags, user, tenant, eventId } =
    call.options;
  if (up && down) throw usageError("Cannot judge the answer as both good and bad: give --up or --down");
  const target = !HASH.test(answer)
    ? { response_id: answer }
    : conversation
    ? { root_hash: answer }
    : { node_hash: answer };
  const [event] = read(answer, {
    ...target,
    ...(up && { thumbs: "up" }),
    ...(down && { thumbs: "down" }),
    ...(stars !== undefined && { stars: Number(stars) }),
    ...(rating !== undefined && { rating: Number(rating) }),
    ...(typeof tags === "string" && { tags: tags.split(",").map((tag) => tag.trim()) }),
    comment,
    correction,
    user,
    tenant_id: tenant,
    event_id: eventId,
  }, source);
  if (!event) return;
  await call.publish([{ topic: INTAKE_TOPIC, value: { topic: "ai-feedback-events", events: [event] } }]);
  await call.stdout.write(`${event.event_id}\n`);
}

/** Reads it as the API does, which speaks of requests. */
function read(answer: string, feedback: unknown, source: string): ReturnType<typeof readFeedback> {
  try {
    const newId = () => `evt-${crypto.randomUUID()}`;
    return readFeedback([feedback], { caller: {}, source, now: Date.now(), newId });
  } catch (cause) {
    if (!(cause instanceof Refusal) || cause.status !== 400) throw cause;
    const [why] = cause.message.split("; nothing of the request");
    throw usageError(`Cannot judge ${answer}: ${why}; capstan feedback --help shows the flags`, { cause });
  }
}

function usageError(message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { exitCode: 2 });
}
