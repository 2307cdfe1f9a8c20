import { resolve } from 'node:path';
import { findVhost } from '../../config/index.js';
import { ms } from '../../core/index.js';
import { reasonOf, type Timer } from '../../kernel/index.js';
import type { LiveStream } from '../../stream/index.js';
import { readDvrPath } from './file-name.js';
import type { DvrEnvironment, DvrState, DvrTotals, RecorderSettings } from './ports.js';
import { RecordRoot } from './record-root.js';
import { StreamRecorder } from './stream-recorder.js';

/** What a killed process loses of a slow stream at most, besides what the disk has not taken. */
const FLUSH = ms(1000);
/** A stop of the server does not wait longer for a disk that hangs. */
const PATIENCE = ms(5000);

interface Entry {
  readonly stream: LiveStream;
  readonly recorder: StreamRecorder;
}

/** Records all streams whose vhost asks for it (spec/media.md §3). */
export class DvrOutputs {
  readonly #entries = new Map<string, Entry>();
  readonly #roots = new Map<string, RecordRoot>();
  /** Recorders whose last file is being closed. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #totals: DvrTotals = { files: 0, bytes: 0, failures: 0 };
  readonly #unobserve: () => void;
  readonly #timer: Timer;

  constructor(private readonly env: DvrEnvironment) {
    this.#unobserve = env.hub.observe({
      published: (stream) => this.#sync(stream),
      unpublished: (stream) => this.#entries.get(stream.key)?.recorder.pause(),
      ended: (stream) => this.#drop(stream.key, 'the stream has ended'),
    });
    this.#timer = env.clock.every(FLUSH, () => {
      for (const { recorder } of this.#entries.values()) recorder.flush();
    });
  }

  /** What a killed server has left is repaired, in the background. */
  start(): void {
    for (const { enabled, dvr } of this.env.config().vhosts.values())
      if (enabled && dvr.enabled) this.#root(readDvrPath(dvr.dvrPath).directory);
  }

  /** @returns undefined: the stream is not recorded. */
  stateOf(streamKey: string): DvrState | undefined {
    return this.#entries.get(streamKey)?.recorder.state;
  }

  /** Since the start of the server, and how many streams are recorded and how many bytes wait for disks now. */
  get totals(): DvrTotals & { readonly streams: number; readonly waiting: number } {
    let waiting = 0;
    for (const root of this.#roots.values()) waiting += root.waiting;
    return { ...this.#totals, streams: this.#entries.size, waiting };
  }

  #root(directory: string): RecordRoot {
    const path = resolve(directory);
    let root = this.#roots.get(path);
    if (root === undefined) {
      root = new RecordRoot(path, this.env.log);
      root.repair();
      this.#roots.set(path, root);
    }
    return root;
  }

  /** @returns undefined: the stream is not to be recorded. */
  #wanted({ name: { vhost, app, stream } }: LiveStream): RecorderSettings | undefined {
    const config = this.env.config();
    const dvr = findVhost(config, vhost)?.dvr;
    if (dvr?.enabled !== true) return undefined;
    const applies = dvr.dvrApply.some((item) => item === 'all' || item === `${app}/${stream}`);
    return applies ? { dvr, utc: config.utcTime } : undefined;
  }

  /** A stream that is published gets its recorder, or loses it, or has another file from its next key frame on. */
  #sync(stream: LiveStream): void {
    const settings = this.#wanted(stream);
    const known = this.#entries.get(stream.key);
    if (settings === undefined || (known !== undefined && known.stream !== stream))
      this.#drop(stream.key, 'the configuration changed');
    if (settings === undefined) return;
    const { recorder } = this.#entries.get(stream.key) ?? this.#attach(stream, settings);
    recorder.reconfigure(settings);
  }

  #attach(stream: LiveStream, settings: RecorderSettings): Entry {
    const env = { ...this.env, totals: this.#totals, root: (directory: string) => this.#root(directory) };
    const recorder = new StreamRecorder(stream, settings, env);
    const entry = { stream, recorder };
    this.#entries.set(stream.key, entry);
    stream.addConsumer(recorder);
    return entry;
  }

  #drop(streamKey: string, why: string): void {
    const entry = this.#entries.get(streamKey);
    if (entry === undefined) return;
    this.#entries.delete(streamKey);
    const leaving = entry.recorder.end(why).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    entry.stream.removeConsumer(entry.recorder);
  }

  /** The configuration changed. Publishers and players do not notice. */
  reconfigure(): void {
    this.start();
    for (const stream of this.env.hub)
      if (stream.publication !== undefined || this.#entries.has(stream.key)) this.#sync(stream);
  }

  #closeRoot = (root: RecordRoot): Promise<void> =>
    root
      .close()
      .catch((cause: unknown) =>
        this.env.log.error(
          { directory: root.directory, why: reasonOf(cause) },
          'the record of recordings cannot be closed',
        ),
      );

  /** Closes all files. Resolves when they have their names, or the disk takes too long. */
  async close(): Promise<void> {
    this.#unobserve();
    this.#timer.cancel();
    for (const key of [...this.#entries.keys()]) this.#drop(key, 'the server stops');
    const done = Promise.all(this.#leaving).then(() => Promise.all([...this.#roots.values()].map(this.#closeRoot)));
    let timer: Timer | undefined;
    const late = new Promise<void>((go) => {
      timer = this.env.clock.after(PATIENCE, go);
    });
    await Promise.race([done, late]);
    timer?.cancel();
  }
}
