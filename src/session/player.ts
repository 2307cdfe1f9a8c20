import type { Log } from '../kernel/index.js';
import type { RtmpLink } from '../link/index.js';
import { control } from '../protocol/rtmp/index.js';
import { type LiveStream, RtmpFormat, type Selection, Viewer, warnOfLag } from '../stream/index.js';
import type { Command } from './connect.js';
import {
  dataStart,
  pauseNotify,
  playReset,
  playStart,
  result,
  STREAM_ID,
  sampleAccess,
  seekNotify,
  unpauseNotify,
} from './statuses.js';
import { answerUnknown } from './unknown-call.js';

/** The playing half of a connection, from `play` to its end (spec/rtmp.md §7.1, §7.2). */
export class Player {
  readonly viewer: Viewer;
  /** Bytes of the connection that were not media, to translate its acknowledgements. */
  readonly #bytesBefore: number;
  #wantsAudio = true;
  #wantsVideo = true;
  #paused = false;

  constructor(
    private readonly link: RtmpLink,
    readonly stream: LiveStream,
    /** It knows multitrack packets. */
    private readonly isMultitrack: boolean,
    log: Log,
  ) {
    link.send(control.streamBegin(STREAM_ID));
    for (const message of [playReset(), playStart(), sampleAccess(), dataStart()]) link.send(message);
    this.#bytesBefore = link.bytesOut;
    this.viewer = new Viewer(link, warnOfLag(log, stream.key));
    stream.join(this.viewer, this.#format());
    link.watch.startPings();
  }

  #format(): RtmpFormat {
    return new RtmpFormat(this.link.outChunkSize, this.#selection(), !this.isMultitrack);
  }

  #selection(): Selection {
    if (this.#wantsAudio) return this.#wantsVideo ? 'all' : 'audio';
    return 'video';
  }

  acknowledged(total: number): void {
    this.viewer.confirm(total - this.#bytesBefore);
  }

  drained(): void {
    this.viewer.drained();
  }

  pause(paused: boolean): void {
    const log = this.viewer.log;
    this.#paused = paused;
    if (paused) {
      log?.pause(this.viewer);
      this.link.send(pauseNotify());
      this.link.send(control.streamEof(STREAM_ID));
    } else {
      this.link.send(unpauseNotify());
      this.link.send(control.streamBegin(STREAM_ID));
      log?.resume(this.viewer);
    }
  }

  /** `receiveAudio`, `receiveVideo`: another selection of the same stream. With both off the viewer rests. */
  receive(kind: 'audio' | 'video', wanted: boolean): void {
    if (kind === 'audio') this.#wantsAudio = wanted;
    else this.#wantsVideo = wanted;
    if (!this.#wantsAudio && !this.#wantsVideo) return this.viewer.log?.pause(this.viewer);
    this.stream.change(this.viewer, this.#format());
    if (!this.#paused) this.viewer.log?.resume(this.viewer);
  }

  /** Calls that do not end the playing. @returns false for a call that does. */
  command(message: Command): boolean {
    switch (message.name) {
      case 'deleteStream':
        answerUnknown(this.link, message); // librtmp in GStreamer sleeps in its read until something comes
        return false;
      case 'closeStream':
        return false;
      case 'seek':
        answerUnknown(this.link, message);
        this.link.send(seekNotify());
        return true;
      case 'pause':
      case 'pauseRaw':
        this.pause(message.args[1] === true);
        return true;
      case 'receiveAudio':
      case 'receiveVideo':
        this.receive(message.name === 'receiveAudio' ? 'audio' : 'video', message.args[1] !== false);
        return true;
      case 'createStream':
        this.link.send(result(message.transactionId, STREAM_ID));
        return true;
      case 'play':
      case 'publish':
      case 'releaseStream':
      case 'FCPublish':
      case 'FCUnpublish':
      case 'FCSubscribe':
        return true;
      default:
        answerUnknown(this.link, message);
        return true;
    }
  }

  /** Another chunk size in the middle of the stream: what is under way leaves in the old one first. */
  setChunkSize(bytes: number): void {
    if (bytes === this.link.outChunkSize) return;
    this.viewer.log?.settleFor(this.viewer);
    this.link.setOutChunkSize(bytes);
    this.stream.change(this.viewer, this.#format());
  }

  stop(): void {
    this.stream.leave(this.viewer);
  }
}
