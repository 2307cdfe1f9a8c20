import { ProtocolError } from '../kernel/index.js';
import { AmfObject, type AmfValue } from '../protocol/amf/index.js';
import { command, type OutMessage, parseTcUrl, type RtmpMessage, type StreamUrl } from '../protocol/rtmp/index.js';
import { serverInfo } from './server-info.js';

export type Command = Extract<RtmpMessage, { kind: 'command' }>;

/** Another server, as it calls itself (spec/rtmp.md §9). */
export interface Upnode {
  readonly server: string;
  readonly serverPid: number;
  /** Id of the client there that the connection is for. */
  readonly serverConn: string;
}

/** What a client said on `connect`. */
export interface ConnectRequest {
  readonly transactionId: number;
  readonly url: Omit<StreamUrl, 'stream'>;
  readonly tcUrl: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  readonly flashVer: string;
  readonly objectEncoding: number;
  /** It speaks Enhanced RTMP and said so. */
  readonly isEnhanced: boolean;
  /** From another server that relays a stream; else ''. */
  readonly trail: string;
  /** What another server says it is, for the log: so its own log can be found. */
  readonly upnode: Upnode | undefined;
}

const DEFAULT_VHOST = '__defaultVhost__';
/** By one of these a client tells which codecs it knows (Enhanced RTMP v2, "Enhancing NetConnection connect Command"). */
const ENHANCED = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'];
/** Every codec is passed on: CanForward. */
const ANY_CODEC = AmfObject.of({ '*': 4 });
/** Multitrack, ModEx, nanosecond offsets; no reconnect requests. */
const CAPS_EX = 0b1110;
/** Of a text that a peer says about itself. */
const MAX_IDENTITY = 64;
const text = (value: AmfValue): string => (typeof value === 'string' ? value : '');

/** @throws {ProtocolError} RTMP_MESSAGE without properties, RTMP_URL when they name no app. */
export function readConnect(message: Command): ConnectRequest {
  const properties = message.args[0];
  if (!(properties instanceof AmfObject)) throw new ProtocolError('RTMP_MESSAGE', 'connect without properties');
  const tcUrl = text(properties.get('tcUrl'));
  const app = text(properties.get('app'));
  if (tcUrl === '' && app === '') throw new ProtocolError('RTMP_URL', 'connect without a tcUrl');
  const encoding = properties.get('objectEncoding');
  return {
    transactionId: message.transactionId,
    url: urlOf(tcUrl, app),
    tcUrl,
    pageUrl: text(properties.get('pageUrl')),
    swfUrl: text(properties.get('swfUrl')),
    flashVer: text(properties.get('flashVer')),
    trail: text(properties.get('srs_trail')),
    upnode: readUpnode(message.args[1]),
    isEnhanced: ENHANCED.some((name) => properties.get(name) !== undefined),
    objectEncoding: typeof encoding === 'number' ? encoding : 0,
  };
}

function readUpnode(identity: AmfValue): Upnode | undefined {
  if (!(identity instanceof AmfObject)) return undefined;
  const pid = identity.get('srs_pid');
  if (typeof pid !== 'number' || !(pid > 0)) return undefined;
  const short = (name: string): string => String(identity.get(name) ?? '').slice(0, MAX_IDENTITY);
  return { server: short('srs_server') || short('srs_version'), serverPid: pid, serverConn: short('srs_id') };
}

/** Some clients say the app only, or a tcUrl without it. @throws {ProtocolError} RTMP_URL, NAME_INVALID */
function urlOf(tcUrl: string, app: string): ConnectRequest['url'] {
  const ways = app === '' ? [tcUrl] : [tcUrl, `${tcUrl}/${app}`, `rtmp://${DEFAULT_VHOST}/${app}`];
  for (const way of ways.slice(0, -1))
    try {
      return parseTcUrl(way);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== 'RTMP_URL') throw error;
    }
  return parseTcUrl(ways.at(-1) as string);
}

/** The answer to `connect`, with the server's identity (spec/rtmp.md §5). @param serverIp local address of the socket. */
export function connectResult(request: ConnectRequest, clientId: string, serverIp: string): OutMessage {
  const properties = AmfObject.of({
    fmsVer: serverInfo.fmsVer,
    capabilities: serverInfo.capabilities,
    mode: serverInfo.mode,
  });
  const data = AmfObject.ecmaOf({
    version: '3,5,3,888',
    srs_sig: serverInfo.signature,
    srs_server: serverInfo.server,
    srs_license: serverInfo.license,
    srs_role: serverInfo.role,
    srs_url: serverInfo.url,
    srs_version: serverInfo.version,
    srs_authors: serverInfo.authors,
    srs_server_ip: serverIp,
    srs_pid: process.pid,
    srs_id: clientId,
  });
  const info = AmfObject.of({
    level: 'status',
    code: 'NetConnection.Connect.Success',
    description: 'Connection succeeded',
    objectEncoding: request.objectEncoding,
    ...(request.isEnhanced && {
      fourCcList: ['*'],
      videoFourCcInfoMap: ANY_CODEC,
      audioFourCcInfoMap: ANY_CODEC,
      capsEx: CAPS_EX,
    }),
    data,
  });
  return command('_result', request.transactionId, [properties, info], {});
}

export const onBwDone = (): OutMessage => command('onBWDone', 0, [null], {});
