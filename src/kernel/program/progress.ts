/** How far ffmpeg is, from its `-progress` report. */
export interface Progress {
  readonly frame: number;
  readonly fps: number;
  /** Times real time; undefined while ffmpeg does not know. */
  readonly speed: number | undefined;
  /** Milliseconds of output. */
  readonly outTime: number;
  readonly bytes: number;
}

/** Lines of `-progress` → one value per report. A report is a list of `key=value` that ends with `progress=…`. */
export class ProgressReader {
  #values = new Map<string, string>();

  constructor(private readonly report: (progress: Progress) => void) {}

  line(line: string): void {
    const [key = '', value = ''] = line.split('=', 2).map((part) => part.trim());
    if (key !== 'progress') {
      if (this.#values.size < 100) this.#values.set(key, value);
      return;
    }
    const values = this.#values;
    this.#values = new Map();
    const number = (name: string): number | undefined => {
      const parsed = Number.parseFloat(values.get(name) ?? '');
      return Number.isFinite(parsed) ? parsed : undefined;
    };
    this.report({
      frame: number('frame') ?? 0,
      fps: number('fps') ?? 0,
      speed: number('speed'),
      outTime: Math.round((number('out_time_us') ?? 0) / 1000),
      bytes: number('total_size') ?? 0,
    });
  }
}
