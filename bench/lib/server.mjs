/**
 * A server of the project in a process of its own: `node server.mjs <behind>`. `dispatch`: as it is. `one-thread`, `two-threads`: the same with so many. `validation`:
 * a mutation is validated and then answered with a constant receipt. `nothing`: it is answered with a constant receipt. Settings from the environment, as for npm start.
 */
import 'reflect-metadata';
import { answerAsked } from './child.mjs';
import { load } from './project.mjs';

const [{ start }, { readConfig }, { Dispatch }, { registrations }, { parseCommand }] = await Promise.all([
  load('start.js'), load('config/config.js'), load('decider/dispatch.js'), load('contexts.js'), load('decider/parse-command.js'),
]);
const behind = process.argv[2];
const receipt = { id: '0199c0de-0000-7000-8000-000000000001', position: 4711, revision: 42, commandId: '0199c0de-0000-7000-8000-000000000002', repeated: false };
const classes = new Map(registrations.map(({ command }) => [command.name, command]));
if (behind === 'validation') Dispatch.prototype.send = async (name, input) => (parseCommand(classes.get(name), input), receipt);
if (behind === 'nothing') Dispatch.prototype.send = async () => receipt;

const THREADS = { 'one-thread': '1', 'two-threads': '2' }[behind];
const running = await start(readConfig({ ...process.env, ...(THREADS && { THREADS }) }));
process.send({ url: running.url });
answerAsked(() => running.close(), () => ({ head: running.system.log.head.position }));
