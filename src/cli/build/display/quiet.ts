import type { BuildView } from './view.ts';

export const quietView: BuildView = { changed() {}, finish() {}, [Symbol.dispose]() {} };
