import type { Message } from "../turn.ts";

/** Characters of a preview. */
const LENGTH = 120;

/** The text of a message, in one line. */
function lineOf(message: Message): string {
  let text = "";
  for (const block of message.content ?? []) {
    if (block.type === "text" && block.text && text.length < LENGTH * 8) {
      text += ` ${block.text.slice(0, LENGTH * 8)}`;
    }
  }
  return text.replace(/\s+/g, " ").trim();
}

/** First words of the newest thing a user says in these messages; `null` where no user says anything. */
export function preview(messages: readonly Message[]): string | null {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (message?.role !== "user") continue;
    const line = lineOf(message);
    if (line !== "") return line.length > LENGTH ? `${line.slice(0, LENGTH - 1).toWellFormed()}…` : line;
  }
  return null;
}
