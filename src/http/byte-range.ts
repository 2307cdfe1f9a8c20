/** One byte range (RFC 9110 §14.1.2); several at once are answered with the whole, as the RFC allows. */
export function readRange(
  header: string | undefined,
  size: number,
): [from: number, to: number] | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (from >= size || (first === '' && Number(last) === 0)) return 'unsatisfiable';
  return to < from ? undefined : [from, to];
}
