import { AddressSet } from '../kernel/index.js';

/** What the text of a directive has to be. */
export interface Form {
  /** As it stands in "on_play must be RULE, not …". */
  readonly rule: string;
  readonly fits: (text: string) => boolean;
}

/** An absolute URL that a web service can be called by. */
export const httpUrl: Form = {
  rule: 'an http:// or https:// URL',
  // A slash too many would be forgiven: `http:///x` is read as the host x.
  fits: (text) => /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text),
};

/** A domain as it is found in the URL of a page: nothing else can ever match one. */
export const domain: Form = {
  rule: 'a domain such as example.com, without http://, port or path',
  fits: (text) => {
    const name = text.toLowerCase().replace(/^\.|\.$/g, '');
    if (name.includes('*')) return false; // a URL may hold it, no host has it
    return URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name;
  },
};

export const addressRange: Form = {
  rule: 'an address or a range such as 10.0.0.0/8',
  fits: (text) => /^[\dA-Fa-f.:]+(\/\d{1,3})?$/.test(text) && new AddressSet([text]).unreadable.length === 0,
};

/** Text that matches a pattern. */
export const like = (pattern: RegExp, rule: string): Form => ({ rule, fits: (text) => pattern.test(text) });
