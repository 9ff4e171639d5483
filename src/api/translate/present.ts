const isEmpty = (value: object) => Object.keys(value).length === 0;

/** Go's omitempty: a field with its zero value is not sent. */
export function present<T extends object>(value: T): Partial<T> {
  const entries = Object.entries(value).filter(
    ([, item]) => item !== '' && item !== false && item !== 0 && !(typeof item === 'object' && isEmpty(item)),
  );
  return Object.fromEntries(entries) as Partial<T>;
}
