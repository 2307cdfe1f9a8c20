import { setImmediate } from 'node:timers/promises';
import { XMLBuilder } from 'fast-xml-parser';
import { version } from '../../kernel/index.js';
import type { Client, StreamStatistics } from '../../stream/index.js';
import type { ApiEnvironment } from '../api/ports.js';
import { codecName, withoutSecrets } from '../api/shapes.js';

type Source = Pick<ApiEnvironment, 'hub' | 'clients' | 'statistics' | 'clock' | 'config' | 'accepted'>;

/** What is listed one by one: writing it must not hold up frames. The numbers count all. */
const MAX_CLIENTS = 500;
const MAX_STREAMS = 500;

/** Streams that are written in one turn of the event loop. */
const AT_A_TIME = 20;

const builder = new XMLBuilder({ suppressEmptyNode: true });
const xml = (value: object): string => builder.build(value);
/** `<active/>` */
const EMPTY = '';

const bits = (kbps: number): number => Math.round(kbps * 1000);

/**
 * The statistics as the page `stat` of nginx-rtmp has them, so that what was written for it works here. A vhost is a
 * `server`; its `name` is ours, since nginx-rtmp's servers have none.
 */
export async function statXml(source: Source): Promise<string> {
  const { hub, statistics, clock, config, accepted } = source;
  const { server } = statistics;
  const now = clock.wall();
  const clients = clientsByStream(source.clients);
  const streams = [...statistics.streams()].slice(0, MAX_STREAMS);
  const texts = new Map<StreamStatistics, string>();
  for (const one of streams) {
    const stream = streamElement(one, clients.get(one.key) ?? [], hub.get(one.key)?.time ?? 0, now);
    texts.set(one, xml({ stream }));
    if (texts.size % AT_A_TIME === 0) await setImmediate();
  }
  const application = (name: string, list: readonly StreamStatistics[]): string => {
    const nclients = list.reduce((sum, one) => sum + one.clients, 0);
    const live = list.map((one) => texts.get(one)).join('\n');
    return `<application>\n${xml({ name })}\n<live>\n${live}\n${xml({ nclients })}\n</live>\n</application>`;
  };
  const servers = Array.from(config().vhosts.values(), ({ name }) => {
    const own = streams.filter((one) => one.name.vhost === name);
    const apps = [...new Set(own.map((one) => one.name.app))];
    const parts = apps.map((app) =>
      application(
        app,
        own.filter((one) => one.name.app === app),
      ),
    );
    return ['<server>', xml({ name }), ...parts, '</server>'].join('\n');
  });
  const head = xml({
    srs_version: version,
    pid: process.pid,
    uptime: Math.floor((now - server.since) / 1000),
    naccepted: accepted(),
    bw_in: bits(server.kbpsIn),
    bytes_in: server.bytesIn,
    bw_out: bits(server.kbpsOut),
    bytes_out: server.bytesOut,
  });
  return `<?xml version="1.0" encoding="utf-8" ?>\n<rtmp>\n${head}\n${servers.join('\n')}\n</rtmp>\n`;
}

function clientsByStream(clients: Iterable<Client>): ReadonlyMap<string, readonly Client[]> {
  const byStream = new Map<string, Client[]>();
  let left = MAX_CLIENTS;
  for (const client of clients) {
    if (client.streamKey === undefined) continue;
    if (left-- === 0) break;
    const list = byStream.get(client.streamKey) ?? [];
    list.push(client);
    byStream.set(client.streamKey, list);
  }
  return byStream;
}

function streamElement(stream: StreamStatistics, clients: readonly Client[], timestamp: number, now: number) {
  const { publisher, video, audio } = stream;
  return {
    name: stream.name.stream,
    time: publisher === undefined ? 0 : Math.round(now - publisher.since),
    bw_in: bits(stream.kbpsIn),
    bytes_in: stream.bytesIn,
    bw_out: bits(stream.kbpsOut),
    bytes_out: stream.bytesOut,
    client: clients.map((client) => clientElement(client, timestamp, now)),
    ...((video !== undefined || audio !== undefined) && {
      meta: {
        ...(video && {
          video: {
            width: video.width,
            height: video.height,
            frame_rate: Math.round(video.fps * 100) / 100,
            codec: codecName(video.codec),
            profile: video.profile,
            level: video.level,
          },
        }),
        ...(audio && {
          audio: {
            codec: codecName(audio.codec),
            profile: audio.profile,
            channels: audio.channels,
            sample_rate: audio.sampleRate,
          },
        }),
      },
    }),
    nclients: stream.clients,
    ...(publisher !== undefined && { publishing: EMPTY, active: EMPTY }),
  };
}

function clientElement({ facts, type, viewer, since }: Client, timestamp: number, now: number) {
  const [page, swf] = [withoutSecrets(facts.pageUrl), withoutSecrets(facts.swfUrl)];
  return {
    id: facts.id,
    address: facts.ip,
    time: Math.round(now - since),
    ...(page !== '' && { pageurl: page }),
    ...(swf !== '' && { swfurl: swf }),
    dropped: viewer?.drops ?? 0,
    avsync: 0,
    timestamp: Math.max(0, timestamp - (viewer?.log?.lagOf(viewer) ?? 0)),
    ...(type.endsWith('-publish') && { publishing: EMPTY }),
    active: EMPTY,
  };
}
