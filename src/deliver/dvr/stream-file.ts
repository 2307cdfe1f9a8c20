import { join } from 'node:path';
import type { Frame, Ms } from '../../core/index.js';
import type { FileHeaders } from './file-headers.js';
import { FileMetadata } from './file-metadata.js';
import { type FileClock, FlvContent, type Reached } from './flv-content.js';
import { HeldFrames } from './held-frames.js';
import type { Recording } from './recording.js';

export interface StreamFileOptions {
  readonly clock: FileClock;
  /** Of the file, as configured. */
  readonly directory: string;
  /** Key frames that the index has room for. */
  readonly room: number;
  /** Monotonic, ms. */
  now(): number;
  /** The content is to be written from now on. */
  start(content: FlvContent): Recording;
}

/** One file of a stream: begins with its headers, then takes frames, as long as the codecs stay the same. */
export class StreamFile {
  readonly #held: HeldFrames;
  #content: FlvContent | undefined;
  #recording: Recording | undefined;
  #hasPictures = false;
  #why = '';

  /** @param since time of its first frame on the stream's clock. @param headers its own from now on. */
  constructor(
    readonly since: Ms,
    private readonly headers: FileHeaders,
    private readonly options: StreamFileOptions,
  ) {
    this.#held = new HeldFrames(headers);
  }

  /** There are frames of video in it. */
  get hasPictures(): boolean {
    return this.#hasPictures;
  }

  get hasSound(): boolean {
    return this.headers.has('audio');
  }

  /** Undefined while it only collects its first frames. */
  get path(): string | undefined {
    return this.#recording && join(this.options.directory, this.#recording.path);
  }

  /** Why it was closed. */
  get why(): string {
    return this.#why;
  }

  get reached(): Reached | undefined {
    return this.#content?.reached;
  }

  /**
   * A configuration, or what describes the stream otherwise. What is there already is not written again.
   * @returns false when it cannot be in this file: the codec, or its configuration, is another one.
   */
  header(frame: Frame): boolean {
    if (frame.kind !== 'data' && this.headers.contradicts(frame)) return false;
    const outcome = this.headers.compare(frame);
    if (outcome === 'other' && frame.role === 'config') return false;
    this.headers.set(frame);
    // A file has one onMetaData, at its begin.
    if (outcome !== 'same' && frame.kind !== 'data') this.#write(frame);
    return true;
  }

  /** @returns false when the frame is of another codec. */
  append(frame: Frame): boolean {
    if (frame.kind !== 'data' && this.headers.contradicts(frame)) return false;
    if (frame.kind === 'video') this.#hasPictures = true;
    if (this.#content !== undefined) this.#write(frame);
    else if (this.#held.push(frame)) this.#release();
    return true;
  }

  #write(frame: Frame): void {
    // While frames are held, the headers have it and will stand before them.
    this.#content?.append(frame, this.options.now());
    this.#recording?.grew();
  }

  #release(): void {
    const { clock, room, now, start } = this.options;
    const content = new FlvContent(new FileMetadata(this.headers.metadata, room), clock);
    for (const frame of [...this.headers, ...this.#held.release()]) content.append(frame, now());
    this.#content = content;
    this.#recording = start(content);
    this.#recording.grew();
  }

  flush(): void {
    this.#recording?.flush();
  }

  /** No more comes. */
  close(why: string): void {
    this.#why = why;
    if (this.#content === undefined) this.#release();
    this.#recording?.close();
  }
}
