import { type Ms, ms } from '../../core/index.js';

/** A longer step is a pause and not the length of a frame, ms. */
const MAX_STEP = 1000;

interface Track {
  last: number;
  step: number;
}

/** From where to where the frames of a file go, and of which kinds they are. */
export class FileSpan {
  #audio: Track | undefined;
  #video: Track | undefined;
  #first: number | undefined;
  #last = 0;

  /** @param time of a frame as it stands in the file, ms. */
  note(kind: 'audio' | 'video', time: number): void {
    const track = kind === 'audio' ? this.#audio : this.#video;
    const before = track?.last ?? time;
    const step = time - before;
    const next = { last: time, step: step > 0 && step <= MAX_STEP ? step : (track?.step ?? 0) };
    if (kind === 'audio') this.#audio = next;
    else this.#video = next;
    this.#first ??= time;
    this.#last = Math.max(this.#last, time);
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Of the newest frame. */
  get last(): number {
    return this.#last;
  }

  /** To the end of the last frame, which is taken to be as long as the one before. */
  get duration(): Ms {
    const ends = [this.#audio, this.#video].map((track) => (track === undefined ? 0 : track.last + track.step));
    return ms(this.#first === undefined ? 0 : Math.max(...ends) - this.#first);
  }

  get kinds(): { readonly audio: boolean; readonly video: boolean } {
    return { audio: this.#audio !== undefined, video: this.#video !== undefined };
  }
}
