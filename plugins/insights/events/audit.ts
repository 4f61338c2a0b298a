import * as z from "zod";
import { aboutTurn } from "./about_turn.ts";
import { eventSchema } from "./envelope.ts";

/** Who called which model through which agent, and what came of it. */
export const modelCallData = z.looseObject({
  ...aboutTurn,
  endpoint: z.string().optional(),
  method: z.string().optional(),
  target: z.string().optional(),
  status: z.int().optional(),
  /** How the call ended, as the ledger has it. */
  outcome: z.string(),
  /** Why it has no nodes, as the ledger has it. */
  reason: z.string().optional(),
  head_hash: z.string().optional(),
  root_hash: z.string().optional(),
  response_id: z.string().optional(),
  tools_used: z.array(z.string()).optional(),
});

/** Something done to the agent by a person or program. */
export const adminActionData = z.looseObject({
  /** `POST /admin/outbox/drain`, `dlq redrive`. */
  action: z.string().min(1),
  /** Who, as far as it is known: the token's name, `cli`. */
  actor: z.string().optional(),
  /** What it was done to. */
  subject: z.string().optional(),
  outcome: z.string(),
});

/** `audit.model_call` */
export const auditModelCall = eventSchema("audit.model_call", modelCallData);
/** `audit.admin_action` */
export const auditAdminAction = eventSchema("audit.admin_action", adminActionData);

/** What `data` of `audit.model_call` is. */
export type ModelCallData = z.infer<typeof modelCallData>;
/** What `data` of `audit.admin_action` is. */
export type AdminActionData = z.infer<typeof adminActionData>;
