/** Contexts that --build-context gives a name: where the name is used, as a stage or as an image, they are meant. */
import { contextName } from '../../lib/reference.ts';
import type { Dockerfile } from '../dockerfile/dockerfile.ts';
import type { OpenContext } from './open.ts';

export type Named = OpenContext | { image: string };

export class NamedContexts {
  readonly #contexts = new Map<string, Named>();

  add(name: string, context: Named): void {
    this.#contexts.set(contextName(name), context);
  }

  find = (name: string): Named | undefined => this.#contexts.get(contextName(name));

  /** A stage that has the name of a context is not meant by it any more. */
  without(dockerfile: Dockerfile): Dockerfile {
    const isReplaced = (name: string | null) => name !== null && this.find(name) !== undefined;
    const stages = dockerfile.stages.map((stage) =>
      isReplaced(stage.name) ? { ...stage, name: null } : stage,
    );
    return { ...dockerfile, stages };
  }
}
