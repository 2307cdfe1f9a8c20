import { ProtocolError, type SrsError } from '../../kernel/index.js';

export const syntaxError = (message: string, context?: SrsError['context']): ProtocolError =>
  new ProtocolError('AMF_SYNTAX', message, context);

export const limitError = (message: string, context?: SrsError['context']): ProtocolError =>
  new ProtocolError('AMF_LIMIT', message, context);
