/** libnftables(3) through bun:ffi. */
import { dlopen, FFIType } from 'bun:ffi';
import { internal } from '../lib/errors.ts';
import type { Nft } from './nft.ts';

const { ptr, cstring, i32, u32 } = FFIType;

function load() {
  return dlopen('libnftables.so.1', {
    nft_ctx_new: { args: [u32], returns: ptr },
    nft_ctx_buffer_output: { args: [ptr], returns: i32 },
    nft_ctx_buffer_error: { args: [ptr], returns: i32 },
    nft_ctx_get_output_buffer: { args: [ptr], returns: cstring },
    nft_ctx_get_error_buffer: { args: [ptr], returns: cstring },
    nft_run_cmd_from_buffer: { args: [ptr, cstring], returns: i32 },
  }).symbols;
}

/** null when the library is not installed. The context lives as long as the process; it opens its netlink socket per command. */
export function openNftLibrary(): Nft | null {
  let library: ReturnType<typeof load>;
  try {
    library = load();
  } catch {
    return null;
  }
  const context = library.nft_ctx_new(0);
  if (!context || library.nft_ctx_buffer_output(context) !== 0 || library.nft_ctx_buffer_error(context) !== 0)
    return null;

  const run = (script: string): string => {
    const failed = library.nft_run_cmd_from_buffer(context, Buffer.from(`${script}\0`)) !== 0;
    if (failed) throw internal(`nftables: ${text(library.nft_ctx_get_error_buffer(context))}`);
    return text(library.nft_ctx_get_output_buffer(context));
  };
  return {
    apply: async (script) => {
      run(script);
    },
    query: async (command) => run(command),
  };
}

const text = (value: string | null): string => String(value ?? '').trim();
