import type { EngineConfig } from '../../config/index.js';
import { ProtocolError } from '../../kernel/index.js';
import type { StreamName } from '../../stream/index.js';

/** What the variables of an output stand for. */
export interface OutputValues extends StreamName {
  readonly port: number;
  /** Query text of the publisher's URL, with its `?`. */
  readonly param: string;
}

const VARIABLE = /\[(vhost|port|app|stream|engine|param)\]/g;
const HOST_PART = /^[\p{L}\p{N}._-]*$/u;
/** With these ffmpeg tells several outputs of one text apart. */
const SEPARATORS = /[|[\]'\\:]/;

/**
 * The output of an engine with its variables filled in. Names come from whoever publishes: they must not turn the
 * output into something else than the operator wrote (reliability S7).
 * @throws {ProtocolError} NAME_INVALID
 */
export function fillOutput({ name, output, oformat }: EngineConfig, values: OutputValues): string {
  const texts = { ...values, port: String(values.port), engine: name };
  const filled = output.replaceAll(VARIABLE, (_, variable: keyof typeof texts) => texts[variable]);
  /** What the publisher chose of the variables in a part of the output. */
  const chosenIn = (part: string): string[] =>
    [...part.matchAll(VARIABLE)]
      .map(([, variable]) => variable as keyof typeof texts)
      .flatMap((variable) =>
        variable === 'app' || variable === 'stream' || variable === 'param' ? [texts[variable]] : [],
      );
  const scheme = schemeOf(output);
  if (filled.startsWith('-') && !output.startsWith('-')) throw refusal('would be an option of ffmpeg');
  if (schemeOf(filled) !== scheme) throw refusal('would change the protocol of the output');
  const host = /^[\w+.-]+:\/\/([^/]*)/.exec(output)?.[1] ?? '';
  if (!chosenIn(host).every((text) => HOST_PART.test(text))) throw refusal('would change the host of the output');
  const several = oformat === 'tee' || output.includes('|');
  if (several && chosenIn(output).some((text) => SEPARATORS.test(text))) throw refusal('would add an output');
  const isFile = scheme === '' || scheme === 'file';
  if (isFile && output.includes('[param]') && values.param.includes('/'))
    throw refusal('would lead to another directory');
  return filled;
}

/** What ffmpeg takes for the protocol; '' for a file. */
const schemeOf = (output: string): string => /^[A-Za-z0-9+.-]*(?=:)|^subfile(?=,)/.exec(output)?.[0] ?? '';

const refusal = (why: string): ProtocolError =>
  new ProtocolError('NAME_INVALID', `a name or parameter of the stream ${why}, so it is not transcoded`);
