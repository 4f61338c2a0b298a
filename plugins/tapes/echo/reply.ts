/** A response of the echo, in the parts it is sent in. */
export interface EchoAnswer {
  status: number;
  contentType: string;
  parts: string[];
}

/** What an answer needs beside the question. */
export interface EchoCall {
  id: string;
  now: number;
  path: string;
}

/** One JSON body. */
export function json(status: number, value: unknown): EchoAnswer {
  return { status, contentType: "application/json", parts: [JSON.stringify(value)] };
}
