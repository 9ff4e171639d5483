import { unsupported } from '../lib/errors.ts';
import type { Operational } from '../lib/op.ts';
import { helloName, importHello } from './hello.ts';
import { familiarName, parseReference, withTag } from './references.ts';
import type { ImageStore } from './store.ts';

/** The one image that every gantry has in itself: made when it is first asked for, so nobody's list shows it unasked. */
export async function pullBuiltIn(
  store: ImageStore,
  reference: string,
  program: string,
  op: Operational,
): Promise<void> {
  const name = familiarName(withTag(parseReference(reference)));
  if (name !== helloName) {
    op.progress({ kind: 'status', status: `Pulling ${reference}` });
    throw unsupported(
      `registry pulls are not part of this gantry version: load or import ${reference} instead`,
    );
  }
  op.progress({ kind: 'status', status: `Building up ${helloName}, which is built in` });
  await importHello(store, program, op);
}
