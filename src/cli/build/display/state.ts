/** What is known of a build that goes on: its steps, in the order in which they began. */
import type { BuildLine } from '../../../api/types/builds.ts';
import { type LogLine, StepLog } from './log.ts';

/** A line of the answer that is about the way, not the end. */
export type BuildNews = Exclude<BuildLine, { kind: 'result' } | { kind: 'error' }>;
export type Warning = Extract<BuildNews, { kind: 'warning' }>['warning'];

export interface Transfer {
  status: string;
  current: number | null;
  total: number | null;
  /** Milliseconds since the epoch. */
  began: number;
  changed: number;
}

type Status =
  | { kind: 'running' }
  | { kind: 'done' | 'cached'; ended: number }
  | { kind: 'failed'; ended: number; error: string };

export interface ShownStep {
  /** From 1. */
  readonly number: number;
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly began: number;
  status: Status;
  readonly log: StepLog;
  /** By what moves. */
  readonly transfers: Map<string, Transfer>;
}

/** What one piece of news changed. */
export type Change =
  | { kind: 'began' | 'ended'; step: ShownStep; lines: LogLine[] }
  | { kind: 'printed'; step: ShownStep; lines: LogLine[] }
  | { kind: 'moved'; step: ShownStep; subject: string; transfer: Transfer }
  | { kind: 'warned' | 'nothing' };

export class BuildState {
  readonly steps: ShownStep[] = [];
  readonly warnings: Warning[] = [];
  readonly #byId = new Map<number, ShownStep>();

  constructor(
    /** Milliseconds since the epoch. */
    readonly began: number,
  ) {}

  apply(news: BuildNews): Change {
    if (news.kind === 'warning') {
      this.warnings.push(news.warning);
      return { kind: 'warned' };
    }
    if (news.kind === 'step' && news.step.minor) return { kind: 'nothing' };
    if (news.kind === 'step')
      return { kind: 'began', step: this.#begin(news.id, news.step.title, news.time), lines: [] };
    const step = this.#byId.get(news.id);
    if (step === undefined || news.kind === 'container') return { kind: 'nothing' };
    const at = Math.max(0, news.time - step.began) / 1000;
    switch (news.kind) {
      case 'output':
        return {
          kind: 'printed',
          step,
          lines: step.log.push(news.stream, Buffer.from(news.bytes, 'base64'), at),
        };
      case 'progress':
        return { kind: 'moved', step, subject: news.subject, transfer: move(step, news) };
      case 'end':
        step.status = statusOf(news.outcome, news.time);
        return { kind: 'ended', step, lines: step.log.flush(at) };
    }
  }

  /** The step that failed first; others may have failed because it did. */
  get failed(): ShownStep | null {
    const failed = this.steps.filter(({ status }) => status.kind === 'failed');
    const ended = ({ status }: ShownStep) => (status.kind === 'running' ? 0 : status.ended);
    return failed.toSorted((a, b) => ended(a) - ended(b))[0] ?? null;
  }

  #begin(id: number, title: string, began: number): ShownStep {
    const known = { number: this.steps.length + 1, title: title.replaceAll(/\s+/g, ' ').trim(), began };
    const step: ShownStep = {
      ...known,
      status: { kind: 'running' },
      log: new StepLog(),
      transfers: new Map(),
    };
    this.steps.push(step);
    this.#byId.set(id, step);
    return step;
  }
}

function move(step: ShownStep, news: Extract<BuildNews, { kind: 'progress' }>): Transfer {
  const began = step.transfers.get(news.subject)?.began ?? news.time;
  const { status, current = null, total = null } = news;
  const transfer = { status, current, total, began, changed: news.time };
  step.transfers.set(news.subject, transfer);
  return transfer;
}

function statusOf(outcome: Extract<BuildNews, { kind: 'end' }>['outcome'], ended: number): Status {
  return outcome.kind === 'failed'
    ? { kind: 'failed', ended, error: outcome.error }
    : { kind: outcome.kind, ended };
}
