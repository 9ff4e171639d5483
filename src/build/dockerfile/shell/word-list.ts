import { isSpace } from '../text.ts';

/** Collects the words of a text while it is expanded. Quoted and escaped pieces never end a word. */
export class WordList {
  readonly #words: string[] = [];
  #word = '';

  /** `wanted`: else nothing is collected, which takes its time for long values. */
  constructor(private readonly wanted: boolean) {}

  addWhole(piece: string): string {
    if (this.wanted) this.#word += piece;
    return piece;
  }

  addSplit(text: string): void {
    if (!this.wanted) return;
    let start = 0;
    for (let index = 0; index < text.length; index++) {
      if (!isSpace(text.charAt(index))) continue;
      this.#word += text.slice(start, index);
      this.#end();
      start = index + 1;
    }
    this.#word += text.slice(start);
  }

  #end(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }

  /** An empty quoted string is no word, as with BuildKit's ProcessWords. */
  finish(): string[] {
    this.#end();
    return this.#words;
  }
}
