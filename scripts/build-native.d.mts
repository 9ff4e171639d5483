/** Builds what is out of date in `out` (default: build/ of the checkout). Returns the programs that were linked anew. */
export function buildNative(options?: {
  out?: string;
  sanitized?: boolean;
  quiet?: boolean;
}): Promise<string[]>;
