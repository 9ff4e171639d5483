/** Objects of a stream of JSON texts, one per line. */

const maxLine = 16 << 20;

export async function* jsonLines<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  for await (const line of textLines(body)) yield JSON.parse(line) as T;
}

/** The lines themselves, blank ones left out. */
export async function* textLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of body) {
    held += decoder.decode(chunk, { stream: true });
    if (held.length > maxLine) throw new Error('the daemon sent a line that is too long');
    let start = 0;
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n', start)) {
      const line = held.slice(start, end).trim();
      start = end + 1;
      if (line !== '') yield line;
    }
    held = held.slice(start);
  }
  if (held.trim() !== '') yield held.trim();
}
