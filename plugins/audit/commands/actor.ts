import { userInfo } from "node:os";

/** Who calls a command: `cli:ada`, by the name of the account. */
export function cliActor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // An account without a name, as in some containers.
    return "cli";
  }
}
