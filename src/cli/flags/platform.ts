/** `--platform os[/arch[/variant]]` for endpoints that want an OCI platform. */

/** The JSON that the API takes; undefined (left out) when none was given. */
export function platformJson(text: string): string | undefined {
  if (text === '') return undefined;
  const [first = '', second, variant] = text.split('/');
  const platform =
    second === undefined ? { architecture: first, os: 'linux' } : { architecture: second, os: first };
  return JSON.stringify({ ...platform, ...(variant && { variant }) });
}
