import * as z from "zod";

/** Which turn a derived event is about, and who took part. Services may leave out what they don't know. */
export const aboutTurn = {
  /** Call id of the turn in the ledger. */
  turn_id: z.string().min(1),
  /** 1, and one more for each change of the turn by deriving it again. */
  revision: z.int().min(1).optional(),
  conversation: z.string().optional(),
  session: z.string().optional(),
  user: z.string().optional(),
  /** Which API key the call came with, as the ledger has it: who names no user is known by it. */
  api_key_fingerprint: z.string().optional(),
  agent: z.string().optional(),
  project: z.string().optional(),
  provider: z.string().optional(),
  /** The model that answered, else the one that was asked. */
  model: z.string().optional(),
  /** What the client asked for, where the model that answered has another name: an alias of a dated one. */
  asked_model: z.string().optional(),
};
