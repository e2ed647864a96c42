/** Who wants to be told. What happened has happened: a listener that throws changes nothing of it for the others, and is told to `onError`. */
export class Listeners {
  private readonly all = new Set<() => void>();

  constructor(private readonly onError: (error: unknown) => void) {}

  /** Returns how to stop. */
  add(listener: () => void): () => void {
    // The same function may listen twice.
    const own = (): void => listener();
    this.all.add(own);
    return () => { this.all.delete(own); };
  }

  tell(): void {
    for (const listener of [...this.all]) {
      try {
        listener();
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
