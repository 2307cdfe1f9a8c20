import { type Form, httpUrl } from '../forms.js';
import type { DirectiveTable } from '../table.js';

const urls = { type: 'strings', default: [], form: httpUrl, reload: 'live' } as const;

/** Its placeholders may stand anywhere, also in the name of the host. */
const notifyUrl: Form = {
  rule: httpUrl.rule,
  fits: (text) => httpUrl.fits(text.replaceAll(/\[(app|stream|param|ts_url)\]/g, 'x')),
};

/** `http_hooks { … }`: a web service of the operator that decides and is told. */
export const httpHooks = {
  http_hooks: {
    type: 'block',
    doc: 'URLs that are called when something happens to a client: they decide who may connect, publish and play, and are told who left.',
    rows: {
      enabled: { type: 'onoff', guards: true, default: false, reload: 'live', doc: 'Call the hooks of this vhost.' },
      on_connect: { ...urls, doc: 'Asked before a client hears that it is connected; the others follow in order.' },
      on_close: { ...urls, doc: 'Told when an accepted connection has ended.' },
      on_publish: { ...urls, doc: 'Asked before an encoder hears that it may publish.' },
      on_unpublish: { ...urls, doc: 'Told when a publish has ended.' },
      on_play: { ...urls, doc: 'Asked before a player hears that it may play.' },
      on_stop: { ...urls, doc: 'Told when a play has ended.' },
      on_dvr: { ...urls, since: 2, doc: 'Told when a recording is closed and has its name.' },
      on_hls: { ...urls, since: 2, doc: 'Told when a segment of HLS is complete.' },
      on_hls_notify: {
        ...urls,
        form: notifyUrl,
        since: 2,
        doc: 'The same as a GET, for example to warm a cache; [app], [stream], [param] and [ts_url] in the URL are filled in.',
      },
      timeout: {
        type: 'seconds',
        default: 5,
        min: 0.1,
        max: 60,
        reload: 'live',
        since: 'own',
        doc: 'How long a decision may take, all URLs of the event together; afterwards on_error decides.',
      },
      on_error: {
        type: 'enum',
        values: ['deny', 'allow'],
        default: 'deny',
        reload: 'live',
        since: 'own',
        doc: 'What happens to a client when a hook cannot be reached, is too slow or answers nonsense. A clear no is always a no.',
      },
      hook_secret: {
        type: 'string',
        default: '',
        secret: true,
        reload: 'live',
        since: 'own',
        doc: 'Signs every request, so that the receiver knows who calls. Empty: no signature.',
      },
    },
  },
} as const satisfies DirectiveTable;
