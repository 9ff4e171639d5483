/** Where a build is shown. */
import type { CacheExport } from '../../../api/types/builds.ts';
import type { BuildState, Change } from './state.ts';

export interface Finished {
  image: string;
  names: readonly string[];
  /** Images that are caches, see `POST /gantry/build`. */
  caches: readonly CacheExport[];
}

/** Disposing gives the terminal back, however the build has ended. */
export interface BuildView extends Disposable {
  changed(state: BuildState, change: Change): void;
  /** `result` null: it has failed, which is told elsewhere. */
  finish(state: BuildState, result: Finished | null): void;
}
