/** Names for containers that were given none: an adjective and the surname of an engineer or scientist. */
import { randomInt } from 'node:crypto';
import { conflict } from '../lib/errors.ts';

const adjectives = (
  'able agile airy ample apt astute balanced bold brave breezy bright brisk calm candid careful cheerful clear clever cosmic ' +
  'crisp curious daring deft dreamy eager early earnest easy elegant epic exact fair fearless fluent focused fond frank fresh ' +
  'friendly gallant gentle genuine glad golden graceful grand handy happy hardy hearty honest hopeful humble idle jolly jovial ' +
  'keen kind lively logical loyal lucid lucky mellow merry mighty mild modest musing neat nifty nimble noble patient peaceful ' +
  'placid plucky polite precise prompt proud quick quiet quirky ready robust rustic sane serene sharp sincere sleek smart smooth ' +
  'snappy sober solid spry stable steady sturdy sunny swift tidy tranquil trusty upbeat vivid warm wise witty zealous zesty'
).split(' ');

const surnames = (
  'abel ampere anning archimedes babbage banach bardeen bartik bell bernoulli bessel bohr boole brahe brunel cantor carnot carson ' +
  'cauchy cavendish cerf church clarke copernicus cori coulomb curie darwin davy diesel dijkstra dirac eiffel einstein ellis ' +
  'engelbart erdos euclid euler faraday fermat fermi feynman fourier franklin fresnel galilei galois galvani gauss germain goddard ' +
  'goodall hamilton hertz hilbert hodgkin hopper hubble huygens hypatia jacobi jacquard joule kalman kelvin kepler kilby knuth ' +
  'kovalevskaya lagrange lamarr lamport laplace leavitt leibniz liskov lorentz lovelace maxwell mayer meitner mendel milner mirzakhani ' +
  'mitchell moore morse napier newton nobel noether noyce ohm pascal pasteur payne perlman planck poincare ptolemy pythagoras raman ' +
  'ramanujan riemann ritchie rubin rutherford sagan shannon sinoussi somerville stokes swan telford tesla thales thompson torvalds ' +
  'turing volta watt wiles wilson wing wright wu yalow yonath zeno zuse'
).split(' ');

const pick = (words: readonly string[]) => words[randomInt(words.length)] ?? 'plain';

/** A name that is not `taken`; a digit is added when pairs run short, as Docker does. */
export function randomName(taken: (name: string) => boolean): string {
  for (let attempt = 0; attempt < 64; attempt++) {
    const name = `${pick(adjectives)}_${pick(surnames)}${attempt < 6 ? '' : randomInt(10 ** Math.min(attempt - 5, 9))}`;
    if (!taken(name)) return name;
  }
  throw conflict('no free random container name was found; please give one');
}
