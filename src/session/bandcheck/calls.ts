import { AmfObject, type AmfValue, encodeAmf0 } from '../../protocol/amf/index.js';
import { command, MessageType, type OutMessage } from '../../protocol/rtmp/index.js';

/** Chunk stream of the calls of a test, on message stream 0 (spec/rtmp.md §12). */
const CSID = 5;
const FILLING = "SRS band check data from server's playing......";
/** The most properties of a filling call: what other servers take for a command is bounded. */
const MOST = 401;

/** A call of a test: its numbers stand in an object behind null. */
export const testCall = (name: string, numbers: Readonly<Record<string, AmfValue>>): OutMessage =>
  command(name, 0, [null, AmfObject.of(numbers)], { csid: CSID });

const fillings = new Map<number, Buffer>();

/**
 * The n-th call whose only purpose is its size: 1 property, then 3, 5, … Written once for all tests.
 * @param n from 0.
 */
export function fillingCall(n: number): OutMessage {
  const properties = Math.min(1 + 2 * n, MOST);
  let payload = fillings.get(properties);
  if (payload === undefined) {
    const object = new AmfObject(Array.from({ length: properties }, (_, i) => [String(i), FILLING] as const));
    payload = encodeAmf0('onSrsBandCheckPlaying', 0, null, object);
    fillings.set(properties, payload);
  }
  return { csid: CSID, type: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload };
}

/** Whether a tcUrl has the parameter `key=KEY`; Flash parts parameters by commas as well. */
export const hasKey = (tcUrl: string, key: string): boolean => tcUrl.split(/[?&,/]|\.\.\./).includes(`key=${key}`);
