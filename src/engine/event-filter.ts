/** Filters of `docker events`: AND across keys, OR within one. Rules of moby daemon/events/filter.go. */
import { invalid } from '../lib/errors.ts';
import type { EngineEvent } from '../lib/events.ts';

type Values = readonly string[];
type Test = (event: EngineEvent, values: Values) => boolean;

const prefixed = (actions: Values) =>
  ['health_status', 'exec_create', 'exec_start'].some((name) => actions.includes(name));

/** Of that type, and with this id, id prefix or name. */
const actor =
  (type: string): Test =>
  (event, values) =>
    event.type === type &&
    values.some((value) => event.id.startsWith(value) || event.attributes.name === value);

function hasLabel(attributes: Record<string, string>, filter: string): boolean {
  const at = filter.indexOf('=');
  if (at < 0) return filter in attributes;
  return attributes[filter.slice(0, at)] === filter.slice(at + 1);
}

/** `busybox` also means `busybox:latest` and the other way round. */
const stripTag = (name: string) => name.replace(/:[^/:]*$/, '');

function isImage(event: EngineEvent, value: string): boolean {
  const names = [event.attributes.image, event.type === 'image' ? event.attributes.name : undefined];
  if (event.type === 'image') names.push(event.id);
  return names.some((name) => name !== undefined && (name === value || stripTag(name) === value));
}

const never: Test = () => false;

const tests: Record<string, Test> = {
  container: actor('container'),
  network: actor('network'),
  volume: actor('volume'),
  daemon: actor('daemon'),
  image: (event, values) => values.some((value) => isImage(event, value)),
  event: (event, values) =>
    values.some((value) => event.action === value || (prefixed(values) && event.action.startsWith(value))),
  label: (event, values) => values.every((value) => hasLabel(event.attributes, value)),
  scope: (_, values) => values.includes('local'),
  type: (event, values) => values.includes(event.type),
  // Nothing of these kinds exists here: asking for them alone shows nothing.
  config: never,
  node: never,
  plugin: never,
  secret: never,
  service: never,
};

/** Throws Docker's text for an unknown key. */
export function eventFilter(filters: ReadonlyMap<string, Values>): (event: EngineEvent) => boolean {
  const active: [Test, Values][] = [];
  for (const [key, values] of filters) {
    const test = tests[key];
    if (test === undefined) throw invalid(`invalid filter '${key}'`);
    if (values.length > 0) active.push([test, values]);
  }
  return (event) => active.every(([test, values]) => test(event, values));
}
