import type { Caller, Role } from "./caller.ts";

/** All of them, for help and checks. */
export const ROLES: readonly Role[] = ["read", "feedback", "audit", "admin"];

/** Whether a caller may do what needs `role`. */
export function may({ roles }: Pick<Caller, "roles">, role: Role): boolean {
  return roles.includes(role) || roles.includes("admin");
}
