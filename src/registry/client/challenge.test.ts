import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

const plain = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

const token = fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/);
const text = fc.string({ unit: fc.constantFrom(...'ab:/,= "\\?&.'), maxLength: 20 });
const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;

describe('challenges', () => {
  test('of real registries', () => {
    expect(
      plain(
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull,push"',
      ),
    ).toEqual([
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/x:pull,push',
        },
      ],
    ]);
    expect(plain('Basic realm="Registry Realm"')).toEqual([['basic', { realm: 'Registry Realm' }]]);
    // Two headers, joined; not every registry quotes.
    expect(plain('BASIC realm=x, Bearer realm=https://h/token , Service = s')).toEqual([
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'https://h/token', service: 's' }],
    ]);
    expect(plain('Negotiate YII=, Negotiate, Basic realm="a"')).toEqual([
      ['negotiate', {}],
      ['negotiate', {}],
      ['basic', { realm: 'a' }],
    ]);
    expect(plain('')).toEqual([]);
    expect(plain('Bearer realm="never closed')).toEqual([['bearer', {}]]);
  });

  test('that were written are read back', () => {
    const parameters = fc.uniqueArray(fc.tuple(token, text), { selector: ([name]) => name, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(token, parameters), { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(
            ([scheme, list]) =>
              `${scheme} ${list.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}`,
          )
          .join(', ');
        expect(plain(header)).toEqual(challenges.map(([scheme, list]) => [scheme, Object.fromEntries(list)]));
      }),
    );
  });

  test('never throw, whatever a server sends', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'aZ9=,"\\ \t;-\xff\x00'), maxLength: 200 }),
        (header) => {
          for (const { scheme } of parseChallenges(header)) expect(scheme).toMatch(/^[^\s,="]+$/);
        },
      ),
    );
  });
});
