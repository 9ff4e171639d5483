/** Lists through a user's template, with or without a table around it. */
import { headerFunctions } from '../template/functions.ts';
import { compile, render, type Template } from '../template/template.ts';
import { makeStruct } from '../template/values.ts';
import { layoutText } from './table.ts';
import type { View } from './view.ts';
import { rowJson } from './view.ts';

export function renderTemplated<Item>(view: View<Item>, items: readonly Item[], format: string): string {
  const isTable = format.startsWith('table');
  const source = (isTable ? format.slice('table'.length).replace(/^ +| +$/g, '') : format)
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  const template = parse(source);
  const rows = items.map((item) => {
    try {
      return `${render(template, rowStruct(view, item))}\n`;
    } catch (error) {
      const words = view.failure ?? 'template parsing error';
      throw new Error(`${words}: ${error instanceof Error ? error.message : error}`);
    }
  });
  if (!isTable) return rows.join('');
  const header = render(template, headerOf(view), { functions: headerFunctions });
  return layoutText(`${header}\n${rows.join('')}`);
}

function parse(source: string): Template {
  try {
    return compile(source);
  } catch (error) {
    throw new Error(
      `failed to parse ${error instanceof Error ? error.message.replace(/^template parsing error: /, 'template: ') : error}`,
    );
  }
}

function rowStruct<Item>(view: View<Item>, item: Item) {
  return makeStruct(view.typeName, (name) => {
    if (name === '$json') return JSON.parse(rowJson(view, item));
    const method = view.methods?.[name];
    if (method) return (argument: unknown) => method(item, String(argument));
    return view.columns.find((column) => column.name === name)?.value(item);
  });
}

/** The header of `.Label "com.example.role"` is `role`. */
function headerOf<Item>(view: View<Item>) {
  const titles = new Map(view.columns.map((column) => [column.name, column.title]));
  return makeStruct('formatter.SubHeaderContext', (name) => {
    if (view.methods?.[name])
      return (argument: unknown) => (String(argument).split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
    return titles.get(name) ?? null;
  });
}
