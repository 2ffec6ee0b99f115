import { consumerKey, type ItemKey } from '../../lib/group/items.ts';
import { leastSkewMs } from '../../lib/group/stores/serviceClock.ts';
import type { Actor } from './host.ts';
import type { World } from './world.ts';

/** What becomes of one request on its way, drawn when it is sent. Milliseconds after sending. */
export interface Fate {
  /** When the service carries it out: never, once, or twice. */
  effectsMs: number[];
  answerMs: number;
  /** Which effect's result is the answer; a failure says instead that none came. */
  answers: number;
  failure?: 'refused' | 'unknown' | undefined;
  /** Its sender dies at once. It lands so much later, or just before somebody takes over what its sender had. */
  outlastsMs?: number;
}

export interface Request<T> {
  target: ItemKey | 'group' | 'letters' | 'source';
  label: () => string;
  fate: Fate;
  signal: AbortSignal;
  /** Nobody waits for the answer. */
  isAside?: boolean;
  perform: () => Promise<T>;
  /** What the caller is thrown. */
  failed: (failure: 'refused' | 'unknown' | 'aborted') => unknown;
  answered?: (value: T) => void;
  /** `unknown`: the caller waits no longer, and nobody told it to stop. */
  gaveUp?: (failure: 'refused' | 'unknown' | 'aborted') => void;
  shown?: (value: T) => string;
}

/**
 * Sends one request. It may be carried out although its sender is dead, frozen or no longer waiting; its answer reaches
 * only a sandbox that runs. Sending is where a crash or a stall of the sandbox is drawn.
 */
export function send<T>(world: World, actor: Actor, request: Request<T>): Promise<T> {
  const { scheduler, trace } = world;
  const { fate, signal, label, target } = request;
  if (signal.aborted) {
    request.gaveUp?.('aborted');
    return Promise.reject(signal.reason);
  }
  world.observer.sent(actor, request.target);
  trace.add(actor.name, () => `${label()} …`);
  if (fate.outlastsMs === undefined) drawCrash(world, actor, fate.answerMs);
  else scheduler.after(1, () => world.platform.crash(actor, 'dies with a write under way'));

  let waiting = true;
  // Had the request left the host when its sender died or stopped waiting?
  const outlivesSender = world.latency.chance(0.5);
  const results: Promise<T>[] = [];
  const sentAt = actor.sandbox.clock.now();
  let servedAt = 0;
  const asideBy = request.isAside ? 1 : 0;
  actor.open++;
  actor.asides = (actor.asides ?? 0) + asideBy;
  return new Promise<T>((resolve, reject) => {
    const settle = (how: string, action: () => void): void => {
      if (!waiting) return;
      waiting = false;
      actor.open--;
      actor.asides = (actor.asides ?? 0) - asideBy;
      signal.removeEventListener('abort', abort);
      trace.add(actor.name, () => `${label()} → ${how}`);
      action();
    };
    const giveUp = (failure: 'refused' | 'unknown' | 'aborted'): void =>
      settle(failure, () => {
        request.gaveUp?.(signal.aborted ? 'aborted' : failure);
        reject(request.failed(failure));
      });
    const abort = (): void => giveUp('aborted');
    signal.addEventListener('abort', abort, { once: true });

    fate.effectsMs.forEach((delayMs, index) => {
      const carryOut = (): void => {
        if ((!waiting || actor.state === 'dead') && index === 0 && !fate.failure && !outlivesSender) return;
        if (index > 0 || !waiting || fate.failure) trace.add(actor.name, () => `${label()} (lands)`);
        results[index] = request.perform();
        servedAt = scheduler.now();
        results[index].catch(() => {});
      };
      if (fate.outlastsMs !== undefined) world.lateWrites.add(senderOf(actor) ?? target, delayMs, carryOut);
      else if (delayMs > fate.answerMs) world.lateWrites.add(target, delayMs, carryOut);
      else scheduler.after(delayMs, carryOut);
    });
    scheduler.after(fate.answerMs, () =>
      actor.sandbox.deliver(() => {
        const answer = fate.failure === undefined ? results[fate.answers] : undefined;
        if (answer === undefined) giveUp(fate.failure ?? 'unknown');
        else answer.then(accept, rejected);
      }),
    );
    const rejected = (error: unknown): void =>
      settle(String(error), () => {
        request.gaveUp?.('refused');
        reject(error);
      });
    const accept = (value: T): void =>
      settle(request.shown?.(value) ?? 'ok', () => {
        if (request.target !== 'source') measureSkew(actor, servedAt, sentAt);
        request.answered?.(value);
        resolve(value);
      });
    world.landsUntil = Math.max(
      world.landsUntil,
      scheduler.now() + Math.ceil(Math.max(0, ...fate.effectsMs)),
    );
  });
}

const senderOf = ({ slot }: Actor): ItemKey | undefined =>
  slot === undefined ? undefined : consumerKey(slot);

/** As from the `Date` header of the table's answer. */
function measureSkew({ sandbox }: Actor, servedAt: number, sentAt: number): void {
  const servedSecond = Math.floor(servedAt / 1_000) * 1_000;
  sandbox.skewMs = leastSkewMs(servedSecond, sentAt, sandbox.clock.now());
}

/** Of the platform, and no person's. */
const isRun = ({ slot, purpose, deadline }: Actor): boolean =>
  slot !== undefined || (purpose === 'replay' && Number.isFinite(deadline));

function drawCrash(world: World, actor: Actor, answerMs: number): void {
  const { scheduler, faults } = world;
  if (faults.happens(isRun(actor) ? 'crash' : 'operatorCrash')) {
    const atMs = faults.dice('crash').next() * (answerMs + 1);
    scheduler.after(atMs, () => world.platform.crash(actor, 'crash'));
  }
  if (faults.happens('stall') && actor.sandbox.state === 'running') {
    const { sandbox } = actor;
    const stallMs = faults.dice('stall').between(500, world.settings.times.functionTimeoutMs);
    world.trace.add(actor.name, () => `stalls for ${stallMs} ms`);
    world.observer.stalled(actor);
    sandbox.freeze();
    scheduler.after(stallMs, () => {
      if (actor.state === 'live' && sandbox.state === 'frozen') sandbox.thaw();
    });
  }
}
