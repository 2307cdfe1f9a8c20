import { type TProperties, Type } from 'typebox';

/** What every successful answer begins with. */
const head = {
  code: Type.Literal(0),
  server: Type.String({ description: 'Names this server, as server_id in hooks.' }),
  service: Type.String({ description: 'Names this run of it, as service_id in hooks.' }),
  pid: Type.String(),
};

/** A JSON object with exactly these properties. */
export const exactly = <T extends TProperties>(properties: T, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description !== undefined && { description }) });

/** The same or null. Not a union: the serializer would try each of its parts. */
export const orNull = <T extends TProperties>(properties: T) =>
  Type.Unsafe<Type.Static<Type.TObject<T>> | null>({ ...exactly(properties), type: ['object', 'null'] });

const problem = exactly(
  { code: Type.String({ description: 'A code of docs/errors.md.' }), message: Type.String() },
  'Every answer that is no success.',
);

/** What may be answered instead of a success. */
export const problems = { '4xx': problem, '5xx': problem };

/** The answers of a route. */
export const answers = <T extends TProperties>(properties: T) => ({
  200: exactly({ ...head, ...properties }),
  ...problems,
});

export const kbps = exactly(
  { recv_30s: Type.Integer({ description: 'From clients.' }), send_30s: Type.Integer({ description: 'To clients.' }) },
  'Means over the last 30 s, in kbit/s.',
);

export const byId = exactly({ id: Type.String() });

/** Answers of one page are small enough to hold up no frame. */
export const MAX_PAGE = 500;

export const page = (count: number) =>
  Type.Object({
    start: Type.Integer({ minimum: 0, default: 0, description: 'How many to skip.' }),
    count: Type.Integer({ minimum: 1, default: count, description: `How many at most; never more than ${MAX_PAGE}.` }),
  });

export const total = Type.Integer({ description: 'How many there are, all pages together.' });
