/** How a part of the agent is. `degraded` serves on and says what is wrong; `failed` makes `/readyz` answer 503. */
export interface Health {
  /** The worst that is true of it. */
  status: "ok" | "degraded" | "failed";
  /** For a person. */
  detail?: string;
  /** Figures that explain it. */
  figures?: Readonly<Record<string, number | string>>;
}
