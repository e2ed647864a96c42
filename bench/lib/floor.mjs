/** The floor of a fan-out: a bare ws server that sends a given text to all, with the time of now in it. */
import { WebSocketServer } from 'ws';
import { answerAsked } from './child.mjs';

const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('error', () => undefined);
  // As a subscription is answered: the first messages are an opening and a question.
  socket.on('message', (data) => { if (String(data).includes('connection_init')) socket.send('{"type":"connection_ack"}'); });
});
await new Promise((done) => sockets.once('listening', done));
process.on('message', (message) => {
  if (message.text === undefined) return;
  const text = message.text.replace('<time>', new Date().toISOString());
  for (const socket of sockets.clients) socket.send(text);
});
process.send({ url: `http://127.0.0.1:${sockets.address().port}` });
answerAsked(async () => sockets.close());
