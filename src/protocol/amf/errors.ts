import { ProtocolError } from '../../kernel/index.js';

type Context = Readonly<Record<string, unknown>>;

export const syntaxError = (message: string, context?: Context): ProtocolError =>
  new ProtocolError('AMF_SYNTAX', message, context);

export const limitError = (message: string, context?: Context): ProtocolError =>
  new ProtocolError('AMF_LIMIT', message, context);
