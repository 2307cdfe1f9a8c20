import { addressRange, domain, type Form } from '../forms.js';
import type { DirectiveTable } from '../table.js';

const domains = { type: 'strings', default: [], form: domain, reload: 'live' } as const;

const accessRule: Form = {
  rule: `play or publish, then all, ${addressRange.rule}`,
  fits: (text) => {
    const [, target] = /^(?:play|publish) (.+)$/.exec(text) ?? [];
    return target !== undefined && (target === 'all' || addressRange.fits(target));
  },
};

const rule = {
  type: 'strings',
  each: 'directive',
  default: [],
  form: accessRule,
  reload: 'live',
  since: 2,
} as const;

/** Who may publish and play, decided without any backend. */
export const access = {
  sign: {
    type: 'block',
    doc: 'Signed URLs: only who has a link made with the secret may publish or play, and only until it expires.',
    rows: {
      secret: {
        type: 'string',
        default: '',
        secret: true,
        reload: 'live',
        since: 'own',
        doc: 'The secret of this vhost. "srs sign" makes links with it. Without one, what must be signed is refused.',
      },
      publish: {
        type: 'onoff',
        guards: true,
        default: false,
        reload: 'live',
        since: 'own',
        doc: 'Publishing needs a signed URL.',
      },
      play: {
        type: 'onoff',
        guards: true,
        default: false,
        reload: 'live',
        since: 'own',
        doc: 'Playing needs a signed URL.',
      },
    },
  },
  refer: {
    type: 'block',
    doc: 'Web pages that may embed players and encoders, by the domain that the client reports. It can be forged by anything but a browser.',
    rows: {
      enabled: { type: 'onoff', default: true, reload: 'live', since: 3, doc: 'Apply the lists of this block.' },
      all: {
        ...domains,
        spelled: ['refer.all', 'refer'],
        doc: 'Domains, with their subdomains, for every connection.',
      },
      publish: { ...domains, spelled: ['refer.publish', 'refer_publish'], doc: 'The same for publishing.' },
      play: { ...domains, spelled: ['refer.play', 'refer_play'], doc: 'The same for playing.' },
    },
  },
  security: {
    type: 'block',
    doc: 'Addresses that may publish and play: one allow must match, and no deny.',
    rows: {
      enabled: {
        type: 'onoff',
        guards: true,
        default: false,
        reload: 'live',
        since: 2,
        doc: 'Apply the rules of this block.',
      },
      allow: {
        ...rule,
        doc: 'play or publish, then all, an address or a range (10.0.0.0/8). May stand several times.',
      },
      deny: { ...rule, doc: 'The same, for who is refused although an allow matches. May stand several times.' },
    },
  },
  max_viewers: {
    type: 'integer',
    default: 0,
    reload: 'live',
    since: 'own',
    spelled: ['play.max_viewers'],
    doc: 'Players of one stream, whatever they speak; one more is refused. 0: no limit.',
  },
} as const satisfies DirectiveTable;
