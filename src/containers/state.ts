/**
 * The life of a container as one pure function. The diagram is beside the `State` type in model.ts; this is its table:
 *
 *   event            allowed from                              leads to
 *   started          created, exited, restarting               running
 *   start-failed     created, exited, restarting               exited
 *   pause            running                                   paused
 *   unpause          paused                                    running
 *   exit             running, paused                           exited
 *   back-off         exited                                    restarting
 *   give-up          restarting                                exited
 *   remove           created, exited, restarting, dead         removing
 *   remove-failed    removing                                  dead
 */
import { internal } from '../lib/errors.ts';
import type { Exit, RunningProcess, State } from './model.ts';

export type StateEvent =
  | { type: 'started'; process: RunningProcess }
  | { type: 'start-failed'; exit: Exit }
  | { type: 'pause'; briefly?: true }
  | { type: 'unpause' }
  | { type: 'exit'; exit: Exit }
  /** The restart policy will start it again after a while. */
  | { type: 'back-off'; attempt: number }
  /** A stop during the back-off. */
  | { type: 'give-up' }
  | { type: 'remove' }
  | { type: 'remove-failed'; error: string };

/** Throws on an event that the state does not allow: callers check first and give Docker's text. */
export function next(state: State, event: StateEvent): State {
  switch (event.type) {
    case 'started':
      if (canStart(state)) return { status: 'running', process: event.process };
      break;
    case 'start-failed':
      if (canStart(state)) return { status: 'exited', last: event.exit };
      break;
    case 'pause':
      if (state.status !== 'running') break;
      return { status: 'paused', process: state.process, ...(event.briefly && { briefly: true }) };
    case 'unpause':
      if (state.status === 'paused') return { status: 'running', process: state.process };
      break;
    case 'exit':
      if (isAlive(state)) return { status: 'exited', last: event.exit };
      break;
    case 'back-off':
      if (state.status === 'exited')
        return { status: 'restarting', last: state.last, attempt: event.attempt };
      break;
    case 'give-up':
      if (state.status === 'restarting') return { status: 'exited', last: state.last };
      break;
    case 'remove':
      if (canStart(state) || state.status === 'dead') return { status: 'removing', last: lastExit(state) };
      break;
    case 'remove-failed':
      if (state.status === 'removing') return { status: 'dead', last: state.last, error: event.error };
      break;
    default:
      return event satisfies never;
  }
  throw internal(`a container that is ${state.status} cannot take the event ${event.type}`);
}

export type Alive = Extract<State, { status: 'running' | 'paused' }>;

/** There is a process. */
export function isAlive(state: State): state is Alive {
  return state.status === 'running' || state.status === 'paused';
}

export function canStart(
  state: State,
): state is Extract<State, { status: 'created' | 'exited' | 'restarting' }> {
  return state.status === 'created' || state.status === 'exited' || state.status === 'restarting';
}

/** How the last run ended; null when there was none. */
export function lastExit(state: State): Exit | null {
  switch (state.status) {
    case 'created':
    case 'running':
    case 'paused':
      return null;
    case 'restarting':
    case 'exited':
    case 'removing':
    case 'dead':
      return state.last;
    default:
      return state satisfies never;
  }
}
