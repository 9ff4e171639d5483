/**
 * The chunks, and what they need: it is let go of when they end, whichever way, also when nobody ever asked for the first (of a
 * generator that has not begun, `finally` is never reached).
 */
export function held(
  chunks: AsyncGenerator<Uint8Array>,
  resources: AsyncDisposableStack,
): AsyncIterableIterator<Uint8Array> {
  const end = async () => {
    await chunks.return(undefined);
    await resources.disposeAsync();
  };
  return {
    async next() {
      try {
        const step = await chunks.next();
        if (step.done === true) await end();
        return step;
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      await end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
