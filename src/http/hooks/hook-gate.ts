import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Config, findVhost, type VhostConfig } from '../../config/index.js';
import { type Ms, ms } from '../../core/index.js';
import { type Clock, type Log, RefusedError, waitWhile } from '../../kernel/index.js';
import type { ClientFacts, Decision, Gate, ServerIdentity, StreamFacts } from '../../stream/index.js';
import { type HookAnswer, readAnswer } from './answer.js';
import { bodies, type OutputFacts } from './bodies.js';
import { readForwardAnswer } from './forward-answer.js';
import { type HookMeter, NOBODY } from './hook-meter.js';
import { HookRequests, publicUrl } from './hook-request.js';
import { NotificationQueues } from './notification-queues.js';

type Hooks = VhostConfig['httpHooks'];
type Question = 'onConnect' | 'onPublish' | 'onPlay';
/** Of an output, which goes on while clients come and go. */
type OutputEvent = 'onHls' | 'onDvr';
type Event = Question | 'onClose' | 'onUnpublish' | 'onStop' | OutputEvent;

/** A question about a client waits this long for what is still to be told about it, so that events keep their order. */
const ORDER = ms(1000);
const NO: Decision = Object.freeze({});

/** Asks the operator's web service about clients, and tells it when they are gone (spec/http.md §1). */
export class HookGate implements Gate {
  readonly #requests = new HookRequests();
  readonly #queues: NotificationQueues;
  /** Counts the calls. */
  meter: HookMeter = NOBODY;
  /** Questions without an answer so far. */
  readonly #open = new Set<Promise<Decision>>();

  constructor(
    private readonly config: () => Config,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly sender: ServerIdentity,
  ) {
    this.#queues = new NotificationQueues(clock, log, (hook, outcome) => this.meter.told(hook, outcome));
  }

  async connect(client: ClientFacts): Promise<void> {
    await this.#question('onConnect', client, (event) => bodies.connect(client, this.sender, event));
  }

  publish(client: StreamFacts): Promise<Decision> {
    return this.#question('onPublish', client, (event) => bodies.stream('on_publish', client, this.sender, event));
  }

  play(client: StreamFacts): Promise<Decision> {
    return this.#question('onPlay', client, (event) => bodies.stream('on_play', client, this.sender, event));
  }

  unpublished(client: StreamFacts, replacedBy?: string): void {
    this.#tell('onUnpublish', client, (event) => bodies.unpublish(client, replacedBy, this.sender, event));
  }

  stopped(client: StreamFacts): void {
    this.#tell('onStop', client, (event) => bodies.stream('on_stop', client, this.sender, event));
  }

  closed(client: ClientFacts, bytes: { readonly sent: number; readonly received: number }): void {
    this.#tell('onClose', client, (event) => bodies.close(client, bytes, this.sender, event));
  }

  /** A segment of HLS is complete. @param more the fields of spec/http.md §1.2 after `param`. */
  segment(stream: OutputFacts, more: object): void {
    this.#tell('onHls', stream, (id) => bodies.output('on_hls', stream, more, this.sender, id));
  }

  /** A recording is closed. @param more `cwd` and `file` (spec/http.md §1.2). */
  recorded(stream: OutputFacts, more: object): void {
    this.#tell('onDvr', stream, (id) => bodies.output('on_dvr', stream, more, this.sender, id));
  }

  /** Calls `on_hls_notify` with its placeholders filled in. @param tsUrl the segment's URL. */
  hlsNotify(stream: OutputFacts, tsUrl: string): void {
    const hooks = this.#hooks(stream.vhost);
    const values: Record<string, string> = {
      app: stream.app,
      stream: stream.stream,
      param: stream.param,
      ts_url: tsUrl,
    };
    const enough = findVhost(this.config(), stream.vhost)?.hls.hlsNbNotify ?? 0;
    for (const url of hooks?.onHlsNotify ?? []) {
      const filled = url.replaceAll(/\[(app|stream|param|ts_url)\]/g, (_, name: string) => values[name] ?? '');
      this.#queues.add(keyOf(stream), {
        what: { hook: 'on_hls_notify', url: publicUrl(filled) },
        deliver: async (stop) => received(await this.#requests.get(filled, enough, this.#deadline(hooks, stop))),
      });
    }
  }

  /**
   * Asks a forward backend where a stream shall go. Whether other hooks are on does not matter.
   * @throws {Error} when no answer came in time that can be understood.
   */
  async destinations(url: string, publisher: StreamFacts, stop: AbortSignal): Promise<readonly string[]> {
    const hooks = findVhost(this.config(), publisher.vhost)?.httpHooks;
    const fields = bodies.forward(publisher, this.sender, randomUUID());
    const secret = hooks?.hookSecret ?? '';
    const reply = await this.#requests.post(url, fields, secret, this.clock.wall(), this.#deadline(hooks, stop));
    return readForwardAnswer(reply.status, reply.body);
  }

  /** Notifications that are still to be told. */
  get waiting(): number {
    return this.#queues.waiting;
  }

  /** Waits until everything is answered and told, at most `limit` ms. */
  async close(limit: Ms): Promise<void> {
    const deadline = this.clock.now() + limit;
    // Connections that were just destroyed report their end in the next turn of the event loop.
    await setImmediate();
    await waitWhile(this.clock, () => this.#open.size > 0, limit);
    await this.#queues.close(ms(Math.max(0, deadline - this.clock.now())));
    await this.#requests.close();
  }

  /** The hooks of a vhost, undefined when they are off. */
  #hooks(vhost: string): Hooks | undefined {
    const hooks = findVhost(this.config(), vhost)?.httpHooks;
    return hooks?.enabled === true ? hooks : undefined;
  }

  // ---- questions

  #question(question: Question, client: ClientFacts, body: (event: string) => object): Promise<Decision> {
    const asked = this.#ask(question, client, body);
    this.#open.add(asked);
    return asked.finally(() => this.#open.delete(asked));
  }

  /** All URLs, one after another, within one deadline. @throws {RefusedError} HOOK_REFUSED, HOOK_FAILED */
  async #ask(question: Question, client: ClientFacts, body: (event: string) => object): Promise<Decision> {
    const hooks = this.#hooks(client.vhost);
    if (hooks === undefined || hooks[question].length === 0) return NO;
    await this.#queues.settled(client.id, ORDER);
    const signal = AbortSignal.timeout(hooks.timeout * 1000);
    const fields = body(randomUUID());
    let decision = NO;
    for (const url of hooks[question]) {
      const started = this.clock.now();
      const answer = await this.#answerOf(url, fields, hooks, signal);
      this.#report(question, client, url, answer, this.clock.now() - started, hooks.onError);
      if (answer.kind === 'no') throw new RefusedError('HOOK_REFUSED', answer.reason ?? 'the server refused');
      if (answer.kind === 'broken' && hooks.onError === 'deny')
        throw new RefusedError('HOOK_FAILED', 'the server cannot check this now, try again later');
      if (answer.kind === 'yes' && answer.stream !== undefined) decision = { stream: answer.stream };
    }
    return decision;
  }

  async #answerOf(url: string, fields: object, hooks: Hooks, signal: AbortSignal): Promise<HookAnswer> {
    try {
      const { status, body } = await this.#requests.post(url, fields, hooks.hookSecret, this.clock.wall(), signal);
      return readAnswer(status, body);
    } catch (error) {
      const why = signal.aborted ? `no answer within ${hooks.timeout} s` : String(error);
      return { kind: 'broken', why };
    }
  }

  #report(
    question: Question,
    client: ClientFacts,
    url: string,
    answer: HookAnswer,
    took: number,
    onError: Hooks['onError'],
  ): void {
    const hook = nameOf(question);
    this.meter.asked(hook, answer.kind, took);
    const fields = { conn: client.id, hook, url: publicUrl(url), ms: Math.round(took), answer: answer.kind };
    if (answer.kind === 'broken') this.log.warn({ ...fields, why: answer.why, onError }, `hook ${hook} failed`);
    else this.log.info(fields, `hook ${hook} says ${answer.kind}`);
  }

  // ---- notifications

  #tell(event: Event, about: OutputFacts | ClientFacts, body: (event: string) => object): void {
    const hooks = this.#hooks(about.vhost);
    if (hooks === undefined) return;
    const fields = hooks[event].length > 0 ? body(randomUUID()) : {};
    for (const url of hooks[event]) {
      this.#queues.add(event === 'onHls' || event === 'onDvr' ? keyOf(about) : about.id, {
        what: { hook: nameOf(event), url: publicUrl(url) },
        deliver: async (stop) => {
          const signal = this.#deadline(hooks, stop);
          received(await this.#requests.post(url, fields, hooks.hookSecret, this.clock.wall(), signal));
        },
      });
    }
  }

  #deadline(hooks: Hooks | undefined, stop: AbortSignal): AbortSignal {
    return AbortSignal.any([stop, AbortSignal.timeout((hooks?.timeout ?? 5) * 1000)]);
  }
}

/** Outputs go on while clients come and go: they have an order of their own. */
const keyOf = ({ vhost, app, ...rest }: OutputFacts | ClientFacts): string =>
  `${vhost}/${app}/${'stream' in rest ? rest.stream : ''}`;

/** `onPublish` → `on_publish` */
const nameOf = (event: string): string => event.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** What the server answers to a notification does not matter, that it took it does. */
function received({ status }: { readonly status: number }): void {
  if (status >= 500 || status === 429) throw new Error(`status ${status}`);
}
