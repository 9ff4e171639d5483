/** Answers about containers. */
import {
  type Answer,
  type DecodedPacket,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
} from 'dns-packet';
import { formatAddress } from '../../lib/ip.ts';
import { emptyResponse, headerSize, isQuery, isStandard, questionCount, responseCodes } from './message.ts';
import type { NameView, Transport } from './model.ts';

export type Verdict =
  | { kind: 'answer'; message: Buffer }
  | { kind: 'forward'; servers: readonly string[] }
  /** Not even worth an error: an answer, or too short to have an id. */
  | { kind: 'drop' };

/** Seconds, as Docker's. Containers change addresses, but their names are looked up again with each connection. */
const ttl = 600;
/** What a client takes over UDP when it does not say (RFC 1035), and the most that is sent to one that does. */
const smallestUdp = 512;
const largestUdp = 4096;

/** `shuffle` puts the addresses of a name that several containers have into another order for each query. */
export function answer(
  query: Buffer,
  transport: Transport,
  view: NameView,
  shuffle: <T>(list: T[]) => T[],
): Verdict {
  if (query.length < headerSize || !isQuery(query)) return { kind: 'drop' };
  const refuse = (code: Parameters<typeof emptyResponse>[1]): Verdict => ({
    kind: 'answer',
    message: emptyResponse(query, code),
  });
  if (!isStandard(query)) return refuse(responseCodes.notImplemented);
  const packet = parse(query);
  const question = packet?.questions?.[0];
  if (!packet || !question || questionCount(query) !== 1) return refuse(responseCodes.formatError);
  const answers = question.class === 'IN' ? localAnswers(question, view, shuffle) : null;
  if (answers) return { kind: 'answer', message: respond(query, packet, question, answers, transport) };
  if (!view.upstream || view.upstream.length === 0) return refuse(responseCodes.serverFailure);
  return { kind: 'forward', servers: view.upstream };
}

function parse(query: Buffer): DecodedPacket | null {
  try {
    return decode(query);
  } catch {
    return null;
  }
}

/** null: the name is not ours. Empty: it is, and has nothing of the type that was asked for. */
function localAnswers(question: Question, view: NameView, shuffle: <T>(list: T[]) => T[]): Answer[] | null {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const address = addressOfReverse(name);
  if (address !== null) return reverseAnswers(question, view.reverse(address));
  const found = view.lookup(name);
  if (!found) return null;
  const wants = (type: 'A' | 'AAAA') =>
    question.type === type || question.type === ('ANY' as Question['type']);
  return [
    ...(wants('A') ? shuffle(found.ipv4).map((data) => record(question, 'A', data)) : []),
    ...(wants('AAAA') ? shuffle(found.ipv6).map((data) => record(question, 'AAAA', data)) : []),
  ];
}

const record = ({ name }: Question, type: 'A' | 'AAAA' | 'PTR', data: string): Answer => ({
  type,
  name,
  ttl,
  class: 'IN',
  data,
});

function reverseAnswers(question: Question, name: string | null): Answer[] | null {
  if (name === null) return null;
  return question.type === 'PTR' ? [record(question, 'PTR', name)] : [];
}

/** `2.0.18.172.in-addr.arpa` and the nibbles of ip6.arpa (RFC 3596); null for any other name. */
export function addressOfReverse(name: string): string | null {
  const v4 = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)?.[1];
  if (v4) return v4.split('.').slice(0, 4).reverse().join('.');
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  if (!v6) return null;
  return formatAddress({ family: 6, value: BigInt(`0x${v6.split('.').slice(0, 32).reverse().join('')}`) });
}

function respond(
  query: Buffer,
  packet: DecodedPacket,
  question: Question,
  answers: Answer[],
  transport: Transport,
): Buffer {
  const edns = packet.additionals?.find((one) => one.type === 'OPT');
  const message = encode({
    id: packet.id ?? 0,
    type: 'response',
    flags: ((packet.flags ?? 0) & 0x0100) | RECURSION_AVAILABLE,
    questions: [question],
    answers,
    ...(edns && {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: largestUdp,
          flags: 0,
          extendedRcode: 0,
          ednsVersion: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  });
  return fit(query, message, transport, edns?.type === 'OPT' ? edns.udpPayloadSize : smallestUdp);
}

/** A client that gets a truncated answer asks again by TCP. */
export function fit(query: Buffer, message: Buffer, transport: Transport, size: number): Buffer {
  const limit = Math.min(Math.max(size, smallestUdp), largestUdp);
  if (transport === 'tcp' || message.length <= limit) return message;
  return emptyResponse(query, responseCodes.noError, { truncated: true });
}
