import { type Config, findVhost, type VhostConfig } from '../../config/index.js';
import { type Clock, RefusedError } from '../../kernel/index.js';
import type { ClientFacts, Decision, Gate, StreamFacts } from '../gate.js';
import { AddressRules } from './address-rules.js';
import { refersTo } from './refer.js';
import { checkSigned } from './signing.js';
import { ViewerCounts } from './viewer-counts.js';

type Use = 'publish' | 'play';

/** The rules of the configuration, which need nobody else; who passes them is asked for at the next gate. */
export class RuleGate implements Gate {
  readonly #viewers = new ViewerCounts();
  readonly #addressRules = new WeakMap<VhostConfig['security'], AddressRules>();

  constructor(
    private readonly config: () => Config,
    private readonly clock: Clock,
    private readonly next: Gate,
  ) {}

  async connect(client: ClientFacts): Promise<void> {
    const { refer } = this.#vhost(client);
    if (refer.enabled) this.#refer(client, refer.all);
    return this.next.connect(client);
  }

  async publish(client: StreamFacts): Promise<Decision> {
    this.#check('publish', client);
    return this.next.publish(client);
  }

  async play(client: StreamFacts): Promise<Decision> {
    const { maxViewers } = this.#check('play', client);
    const decision = await this.next.play(client);
    const key = `${client.vhost}/${client.app}/${decision.stream ?? client.stream}`;
    if (!this.#viewers.enter(client.id, key, maxViewers)) {
      this.next.stopped(client);
      throw new RefusedError('VIEWERS_LIMIT', 'the stream has as many viewers as it may have');
    }
    return decision;
  }

  unpublished(client: StreamFacts, replacedBy?: string): void {
    this.next.unpublished(client, replacedBy);
  }

  stopped(client: StreamFacts): void {
    this.#viewers.leave(client.id);
    this.next.stopped(client);
  }

  closed(client: ClientFacts, bytes: { readonly sent: number; readonly received: number }): void {
    this.next.closed(client, bytes);
  }

  #vhost(client: ClientFacts): VhostConfig {
    const vhost = findVhost(this.config(), client.vhost);
    if (vhost === undefined) throw new RefusedError('VHOST_UNKNOWN', `vhost ${client.vhost} does not exist here`);
    return vhost;
  }

  #check(use: Use, client: StreamFacts): VhostConfig {
    const vhost = this.#vhost(client);
    const { bandcheck, security, refer, sign } = vhost;
    if (bandcheck.enabled) throw new RefusedError('BANDCHECK', `vhost ${vhost.name} is for bandwidth tests only`);
    if (security.enabled && !this.#rulesOf(security).permits(use, client.ip, client.isProxy))
      throw new RefusedError('ADDRESS_DENIED', `this address may not ${use}`);
    if (refer.enabled) {
      this.#refer(client, refer.all); // who comes over HTTP has not connected before
      this.#refer(client, refer[use]);
    }
    if (sign[use]) this.#signed(use, client, sign.secret);
    return vhost;
  }

  #rulesOf(security: VhostConfig['security']): AddressRules {
    let rules = this.#addressRules.get(security);
    if (rules === undefined) {
      rules = new AddressRules(security.allow, security.deny);
      this.#addressRules.set(security, rules);
    }
    return rules;
  }

  #refer(client: ClientFacts, domains: readonly string[]): void {
    if (domains.length > 0 && !refersTo(domains, client.pageUrl))
      throw new RefusedError('REFER_DENIED', 'not from this page');
  }

  #signed(use: Use, client: StreamFacts, secret: string): void {
    const { vhost, app, stream } = client;
    const verdict = checkSigned(secret, client.param, { vhost, app, stream, use }, this.clock.wall());
    if (verdict === 'expired') throw new RefusedError('SIGN_EXPIRED', 'the URL has expired');
    if (verdict === 'missing') throw new RefusedError('SIGN_INVALID', `a signed URL is needed to ${use}`);
    if (verdict === 'invalid') throw new RefusedError('SIGN_INVALID', 'the signature of the URL is not valid');
  }
}
