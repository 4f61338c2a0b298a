import type { ServerResponse } from "node:http";
import { ClientAnswer } from "./client_answer.ts";

/** A request the proxy answers by itself. */
export interface Refusal {
  status: number;
  type: string;
  message: string;
}

/** Answers with an error in JSON, as providers do. The request's body is not waited for. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  const { status, type, message } = refusal;
  new ClientAnswer(response).fail(status, { type, message });
}
