// The same stack with nothing behind it: the real server, whose dispatch answers a receipt without deciding anything. PORT and DATA_DIR as for npm start.
import 'reflect-metadata';
import { readConfig } from '../dist/config/config.js';
import { startServer } from '../dist/server.js';

const running = await startServer(readConfig(process.env));
if (process.argv.includes('--nothing')) {
  const receipt = { id: 'none', position: 1, revision: 1, commandId: 'none', repeated: false };
  running.dispatch.send = async () => receipt;
}
console.log(running.url);
process.on('SIGTERM', () => { void running.close().then(() => process.exit(0)); });
