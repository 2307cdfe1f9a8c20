import { type Form, httpUrl } from '../forms.js';
import type { DirectiveTable } from '../table.js';

const host = String.raw`(?:\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+)(?::(?<port>\d{1,5}))?`;
/** The app's query may stand before the stream. */
const url = String.raw`rtmps?://[^\s/]+?(?::(?<urlPort>\d+))?/([^\s/?]+/\S*[^\s/]|[^\s/?]+\?\S*/[^\s/]+)`;

const pattern = new RegExp(`^(?:${host}|${url})$`);
const server = new RegExp(`^${host}$`);

/** Whether a text is a destination, wherever it comes from. */
export const isDestination = (text: string): boolean => fits(pattern, text);

/** Whether a text is host[:port]. */
export const isServer = (text: string): boolean => fits(server, text);

function fits(form: RegExp, text: string): boolean {
  const match = form.exec(text);
  const port = Number(match?.groups?.port ?? match?.groups?.urlPort ?? 1935);
  return match !== null && port > 0 && port < 65_536;
}

const destination: Form = { rule: 'host[:port] or rtmp://host[:port]/app/stream', fits: isDestination };

const destinations = {
  type: 'strings',
  default: [],
  each: 'word',
  form: destination,
  reload: 'live',
} as const;

/** Where live streams are pushed to. */
export const forward = {
  forward_to: {
    ...destinations,
    spelled: ['forward'],
    doc: 'The same as forward { enabled on; destination …; }.',
  },
  forward: {
    type: 'block',
    doc: 'Every stream of this vhost is pushed to other servers while it is live.',
    rows: {
      enabled: { type: 'onoff', default: false, reload: 'live', since: 3, doc: 'Push the streams of this vhost.' },
      destination: {
        ...destinations,
        since: 3,
        doc: 'Servers that get the streams: host[:port], under the same names, or a whole URL, rtmp://host[:port]/app/stream or rtmps://…, in which [vhost], [app] and [stream] stand for the names. Each directive adds to the list.',
      },
      backend: {
        type: 'string',
        default: '',
        form: httpUrl,
        reload: 'live',
        since: 5,
        doc: 'URL of a web service that is asked at each publish where the stream shall go besides. Empty: none.',
      },
      dynamic_destinations: {
        type: 'enum',
        values: ['any', 'public'],
        default: 'any',
        reload: 'next',
        since: 'own',
        doc: 'Where destinations of the backend and of the HTTP API may lead. public: not to this machine and not into private networks, whatever their names say.',
      },
      ca_file: {
        type: 'string',
        default: '',
        reload: 'next',
        since: 'own',
        doc: 'Certificates (PEM) that rtmps destinations may be signed with besides those that everybody trusts. Read for each connection.',
      },
    },
  },
} as const satisfies DirectiveTable;
