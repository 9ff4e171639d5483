/** A text that cannot be expanded; `expand` turns it into a Problem that quotes the whole text. */
export class LexError extends Error {}
