import { setImmediate } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HookMeter } from '../hooks/hook-meter.js';
import type { MetricsEnvironment } from './ports.js';
import { type ReadMetric, readMetrics, type Snapshot } from './table.js';

/** Streams with metrics of their own: a scrape must stay small however many there are. */
const MAX_STREAMS = 500;

/** Of prom-client's own: they look at every socket of the process, at each scrape. */
const COSTLY = [
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'process_open_fds',
];

/** Seconds; a hook on the same machine takes a few ms, and 5 s is the default deadline. */
const HOOK_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** What Prometheus scrapes. Series are per stream and vhost, never per client. */
export class Metrics implements HookMeter {
  readonly #registry = new Registry();
  readonly #hookSeconds: Histogram<'hook' | 'answer'>;
  readonly #notifications: Counter<'hook' | 'outcome'>;
  #now: Snapshot | undefined;
  #rendering: Promise<string> | undefined;

  constructor(private readonly env: MetricsEnvironment) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const name of COSTLY) this.#registry.removeSingleMetric(name);
    this.#hookSeconds = new Histogram({
      name: 'srs_hook_duration_seconds',
      help: 'How long questions to hooks took, by hook and answer (yes, no, broken).',
      labelNames: ['hook', 'answer'],
      buckets: HOOK_BUCKETS,
      registers,
    });
    this.#notifications = new Counter({
      name: 'srs_hook_notifications_total',
      help: 'Notifications by hook and outcome (told, failed, lost, dropped); a failed one is tried again.',
      labelNames: ['hook', 'outcome'],
      registers,
    });
    for (const metric of readMetrics) this.#register(metric);
    env.hooks.meter = this;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  asked(hook: string, answer: 'yes' | 'no' | 'broken', ms: number): void {
    this.#hookSeconds.observe({ hook, answer }, ms / 1000);
  }

  told(hook: string, outcome: 'told' | 'failed' | 'lost' | 'dropped'): void {
    this.#notifications.inc({ hook, outcome });
  }

  /** All metrics as text. Who asks meanwhile gets the same. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  async #render(): Promise<string> {
    this.#now = this.#snapshot();
    const texts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      texts.push(await this.#registry.getSingleMetricAsString(name));
      // Streams go out between two metrics.
      await setImmediate();
    }
    this.#now = undefined;
    // prom-client writes JavaScript's NaN in a way that the format does not know.
    return `${texts.join('\n\n').replaceAll(/ Nan$/gm, ' NaN')}\n`;
  }

  #snapshot(): Snapshot {
    const { env } = this;
    const names = [...env.config().vhosts.values()].map(({ name }) => name);
    // A stream that is only asked for has no series: anybody may ask for any name.
    const live = [...env.statistics.streams()].filter(({ key }) => env.hub.get(key)?.isLive === true);
    const streams = live.slice(0, MAX_STREAMS);
    return { env, vhosts: env.statistics.vhosts(names), streams, omitted: live.length - streams.length };
  }

  #register({ name, help, kind, labels, read }: ReadMetric): void {
    const samples = () => (this.#now === undefined ? [] : read(this.#now));
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (kind === 'gauge')
      new Gauge({
        ...common,
        collect() {
          this.reset();
          for (const [of, value] of samples()) this.set(of, value);
        },
      });
    else
      new Counter({
        ...common,
        collect() {
          this.reset();
          for (const [of, value] of samples()) this.inc(of, value);
        },
      });
  }
}
