import { type Bucket, bucketOf, nodeHash, type Speaker } from "../hash.ts";
import type { Answer, Message, TurnRequest } from "../turn.ts";
import { storeBucket, type StoredMessage } from "./stored_message.ts";

/** A message in its place in the tree. */
export class ChainNode {
  #stored: StoredMessage | undefined;

  constructor(
    /** SHA-256 over the message and its parent, in hex. */
    readonly hash: string,
    /** Hash of the node before, `null` at the root. */
    readonly parent: string | null,
    /** What was said, and by whom. */
    readonly bucket: Bucket,
  ) {}

  /** The message as tapes writes it; made when first asked for, since most of a conversation is stored already. */
  get stored(): StoredMessage {
    return this.#stored ??= storeBucket(this.bucket);
  }
}

/** The nodes of a call: the path of its request, and the answers on the path's end. */
export interface Chain {
  request: readonly ChainNode[];
  /** One for each choice, all on the request's last node. */
  answers: readonly ChainNode[];
  /** Hash of the path's first node; `null` where there is no node at all. */
  root: string | null;
}

/** The node that a request continues without repeating it (Responses API). */
export interface Ancestor {
  head: string;
  root: string;
}

/** What a chain is made of. */
export interface ChainInput {
  provider: string;
  agent?: string;
  request: Pick<TurnRequest, "model" | "messages">;
  answers: readonly Answer[];
  after?: Ancestor;
}

function link(message: Message, speaker: Speaker, parent: string | null): ChainNode {
  const bucket = bucketOf(message, speaker);
  return new ChainNode(nodeHash(bucket, parent), parent, bucket);
}

/** Hashes a call's messages into their chain. */
export function buildChain({ provider, agent, request, answers, after }: ChainInput): Chain {
  const path: ChainNode[] = [];
  let parent = after?.head ?? null;
  const asker: Speaker = { model: request.model, provider, agentName: agent };
  for (const message of request.messages) {
    const node = link(message, asker, parent);
    path.push(node);
    parent = node.hash;
  }
  const ends = answers.map((answer) => link(answer.message, { ...asker, model: answer.model }, parent));
  return { request: path, answers: ends, root: after?.root ?? path[0]?.hash ?? ends[0]?.hash ?? null };
}
