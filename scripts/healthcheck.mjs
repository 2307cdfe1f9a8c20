#!/usr/bin/env node
// @ts-check
/**
 * `healthcheck.mjs [port [host]]`: exit code 0 when an RTMP server answers the first bytes of a handshake within 3 s.
 * Knows nothing of srs and needs no package, so a container can run it without curl.
 */
import { connect } from 'node:net';

const port = Number(process.argv[2] ?? 1935);
const host = process.argv[3] ?? '127.0.0.1';

/** @param {string} problem @returns {never} */
function unhealthy(problem) {
  console.error(`${host}:${port} ${problem}`);
  process.exit(1);
}

const version = 3; // RTMP 1.0 §5.2.2
const c0c1 = Buffer.alloc(1 + 1536);
c0c1[0] = version;
const socket = connect(port, host, () => socket.write(c0c1));
socket.once('data', (bytes) => (bytes[0] === version ? process.exit(0) : unhealthy('answers, but not in RTMP')));
socket.once('error', (error) => unhealthy(`cannot be reached: ${error.message}`));
socket.once('end', () => unhealthy('closed the connection'));
setTimeout(() => unhealthy('does not answer within 3 s'), 3000);
