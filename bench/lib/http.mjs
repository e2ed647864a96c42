import { connect } from 'node:net';

/** One connection that is kept open and asks one thing at a time; as little work as can be, since it shares the machine with the server. */
export function connection(url) {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let received = '';
  let waiting;
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += chunk;
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1]);
    if (Number.isNaN(length) || received.length < end + 4 + length) return;
    const body = received.slice(end + 4, end + 4 + length);
    const status = Number(received.slice(9, 12));
    received = received.slice(end + 4 + length);
    waiting.answer({ status, body });
  });
  socket.on('error', (error) => waiting?.refuse(error));
  return {
    post: (path, headers, body) => new Promise((answer, refuse) => {
      waiting = { answer, refuse };
      socket.write(`POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    }),
    close: () => socket.destroy(),
  };
}
