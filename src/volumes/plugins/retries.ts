/** How long Docker waits for a plugin that is not there, or does not answer (moby pkg/plugins/client.go). */
const limitSeconds = 30;

/** Tries again after 1, 2, 4 and 8 seconds; then what failed last is thrown. `worthIt`: whether another try may help. */
export async function withRetries<T>(
  work: () => Promise<T>,
  worthIt: (error: unknown) => boolean,
  sleep: (milliseconds: number) => Promise<unknown> = Bun.sleep,
): Promise<T> {
  let waited = 0;
  for (let pause = 1; ; pause *= 2) {
    try {
      return await work();
    } catch (error) {
      if (!worthIt(error) || waited + pause >= limitSeconds) throw error;
    }
    await sleep(pause * 1000);
    waited += pause;
  }
}
