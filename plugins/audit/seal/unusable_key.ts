/** A key that was put in the configuration, or in a file it names, can't be used; the program ends with 78. */
export class UnusableKey extends Error {
  /** Marks the class. */
  override readonly name = "UnusableKey";
  /** See `PluginHooks.start`. */
  readonly exitCode = 78;
}
