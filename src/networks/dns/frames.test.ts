import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { FrameReader, frame, type Query } from './frames.ts';

test('frames are found wherever the stream is cut', () => {
  const stream = Buffer.concat([
    frame(Buffer.from('c'.repeat(64))),
    frame(Buffer.concat([Buffer.of(0), Buffer.from('first')])),
    frame(Buffer.concat([Buffer.of(1), Buffer.alloc(5000, 7)])),
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
      const reader = new FrameReader();
      const found: Query[] = [];
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
      for (let i = 1; i < places.length; i++)
        found.push(...reader.push(stream.subarray(places[i - 1], places[i])));
      expect(reader.containerId).toBe('c'.repeat(64));
      expect(found.map(({ transport, message }) => `${transport} ${message.length}`)).toEqual([
        'udp 5',
        'tcp 5000',
      ]);
    }),
  );
});
