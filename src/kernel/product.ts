/** How this program names itself to peers; tools of the original read some of these. */
export const product = {
  name: 'SRS',
  url: 'simple-rtmp-server',
  authors: 'the srs authors',
  license: 'MIT',
} as const;
