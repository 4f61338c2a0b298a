import * as z from "zod";
import { aboutTurn } from "./about_turn.ts";
import { eventSchema } from "./envelope.ts";

/** A tool or sub-agent that a model chose. */
export const decisionData = z.looseObject({
  ...aboutTurn,
  node_hash: z.string().optional(),
  choice: z.int().min(0).optional(),
  /** Which call of the answer, from 0. */
  index: z.int().min(0).optional(),
  /** A sub-agent is a tool that hands work on: named in `subagent_tools`. */
  kind: z.enum(["tool", "subagent"]),
  /** The tool chosen. */
  chosen: z.string().min(1),
  /** Id of the call in the answer. */
  tool_call_id: z.string().optional(),
  /** Names of the tools the request offered, in its order. */
  offered: z.array(z.string()),
  /** As the model gave them; a text where they are no JSON. */
  arguments: z.unknown().optional(),
  /** SHA-256 of the arguments in canonical JSON (RFC 8785), 64 hexadecimal digits. */
  arguments_hash: z.string().optional(),
});

/** `decision.made` */
export const decisionMade = eventSchema("decision.made", decisionData);

/** What `data` of `decision.made` is. */
export type DecisionData = z.infer<typeof decisionData>;
