import { expect, test } from 'bun:test';
import { addNetworkScript, type NetworkRules, removeNetworkScript } from './network-rules.ts';
import { passageElements, tableScript } from './table.ts';

const network = (link: string, more: Partial<NetworkRules> = {}): NetworkRules => ({
  link,
  internal: false,
  icc: true,
  families: { 4: { subnet: '172.18.0.0/16', mode: 'nat', masquerade: 'link' } },
  ...more,
});
/** The rules of one chain. */
function chain(script: string, name: string): string[] {
  const [, body = ''] = script.split(`chain ${name} {`);
  return (
    body
      .split('\n  }')[0]
      ?.trim()
      .split('\n')
      .map((line) => line.trim()) ?? []
  );
}
const added = (more: Partial<NetworkRules>) => addNetworkScript('t', network('br0', more));

test('the table is made anew in one script', () => {
  const script = tableScript('t', { networks: [network('br0')], forwardings: [], passages: [] });
  expect(script.indexOf('delete table inet t')).toBeLessThan(script.indexOf('map published4'));
  expect(script).toContain('add element inet t entering { "br0" : jump enter-br0 }');
  expect(script).toContain('add element inet t guarded4 { 172.18.0.0/16 : jump guard4-br0 }');
});

test('a network with NAT: its own traffic, answers and published ports', () => {
  const script = added({});
  expect(chain(script, 'enter-br0')).toEqual([
    'ct state established,related accept',
    'ct status dnat accept',
    'iifname "br0" accept',
    'drop',
  ]);
  expect(chain(script, 'source4-br0').at(-1)).toBe('oifname != "br0" masquerade');
});

test('an internal network lets nothing in or out', () => {
  const script = added({ internal: true });
  expect(chain(script, 'leave-br0')).toEqual(['oifname "br0" return', 'drop']);
  expect(chain(script, 'enter-br0')).not.toContain('ct status dnat accept');
  expect(script).not.toContain('oifname != "br0" masquerade');
});

test('without icc only passages and neighbour discovery', () => {
  const rules = chain(added({ icc: false }), 'enter-br0').join('\n');
  expect(rules).toContain('@passages4 accept');
  expect(rules).toContain('nd-neighbor-solicit');
  expect(rules).not.toContain('iifname "br0" accept');
  expect(passageElements([{ from: '10.0.0.2', to: '10.0.0.3', protocol: 'tcp', port: 80 }])[0]).toEqual({
    of: 'passages4',
    key: '10.0.0.2 . 10.0.0.3 . tcp . 80',
    value: null,
  });
});

test('gateway modes', () => {
  const mode = (of: 'routed' | 'unprotected') =>
    added({ families: { 6: { subnet: 'fd00::/64', mode: of, masquerade: null } } });
  expect(mode('routed')).not.toContain('guard6');
  expect(chain(mode('routed'), 'enter-br0').join('\n')).toContain('@open6 accept');
  expect(chain(mode('unprotected'), 'enter-br0').join('\n')).toContain(
    'ip6 daddr fd00::/64 iifname != @bridges accept',
  );
  const address = added({
    families: { 4: { subnet: '10.0.0.0/24', mode: 'nat', masquerade: { address: '192.0.2.9' } } },
  });
  expect(address).toContain('snat ip to 192.0.2.9');
});

test('what was added is removed, elements first', () => {
  const script = removeNetworkScript('t', network('br0'));
  expect(script.indexOf('delete element inet t entering { "br0" }')).toBeLessThan(
    script.indexOf('delete chain inet t enter-br0'),
  );
});
