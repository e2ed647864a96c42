import { connect } from 'node:net';

/** One connection that is kept open and asks one thing at a time; as little work as can be, since it shares the machine with the server. */
export function connection(url) {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let chunks = [];
  let [got, whole, head, status] = [0, 0, 0, 0];
  let waiting;
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    got += chunk.length;
    if (whole === 0) {
      if (chunks.length > 1) chunks = [Buffer.concat(chunks)];
      const end = chunks[0].indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = chunks[0].latin1Slice(0, end + 2);
      status = Number(text.slice(9, 12));
      head = end + 4;
      whole = head + Number(/\r\ncontent-length: (\d+)\r/i.exec(text)[1]);
    }
    if (got < whole) return;
    // Made a text where somebody reads it.
    const [all, from, to] = [chunks, head, whole];
    const answer = { status, get body() { return Buffer.concat(all).toString('utf8', from, to); } };
    chunks = [];
    [got, whole] = [0, 0];
    waiting.answer(answer);
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
