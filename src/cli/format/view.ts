/** Lists as tables, JSON or templates. A view names the columns of one noun; the default table needs no template engine. */
import { writeOut } from '../terminal/output.ts';
import { encodeJson } from './json.ts';
import { layout } from './table.ts';

export interface Column<Item> {
  /** The name templates use. */
  name: string;
  /** The title in tables. */
  title: string;
  /** A column that only templates and JSON show may give something else than text. */
  value: (item: Item) => unknown;
  /** What JSON shows, where that is something else. */
  json?: (item: Item) => unknown;
  /** Docker has no such column: only templates show it. */
  own?: true;
}

export interface View<Item> {
  /** Go's name of the type, which error texts show. */
  typeName: string;
  columns: readonly Column<Item>[];
  /** Methods with arguments, such as `.Label "name"`. */
  methods?: Readonly<Record<string, (item: Item, argument: string) => unknown>>;
  /** What Docker says before the error of a template, where it is not "template parsing error". */
  failure?: string;
  /** Names of the columns of the default table. */
  table: readonly string[];
}

/** `format` is what the user gave: empty, `table`, `table TEMPLATE`, `json` or a template. */
export async function printView<Item>(
  view: View<Item>,
  items: readonly Item[],
  format: string,
): Promise<void> {
  writeOut(await renderView(view, items, format));
}

export async function renderView<Item>(
  view: View<Item>,
  items: readonly Item[],
  format: string,
): Promise<string> {
  if (format === '' || format === 'table') return defaultTable(view, items);
  if (format === 'json') return items.map((item) => `${rowJson(view, item)}\n`).join('');
  return (await import('./templated.ts')).renderTemplated(view, items, format);
}

function defaultTable<Item>(view: View<Item>, items: readonly Item[]): string {
  const columns = view.table.map((name) => columnOf(view, name));
  const header = columns.map((column) => column.title);
  return layout([header, ...items.map((item) => columns.map((column) => String(column.value(item))))]);
}

function columnOf<Item>(view: View<Item>, name: string): Column<Item> {
  const column = view.columns.find((candidate) => candidate.name === name);
  if (!column) throw new Error(`${view.typeName} has no column ${name}`);
  return column;
}

/** All columns, sorted by name. */
export function rowJson<Item>(view: View<Item>, item: Item): string {
  const shown = view.columns.filter((column) => !column.own);
  const sorted = shown.sort((a, b) => (a.name < b.name ? -1 : 1));
  return encodeJson(Object.fromEntries(sorted.map(({ name, value, json = value }) => [name, json(item)])), {
    escapeHtml: true,
  });
}
