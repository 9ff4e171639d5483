/** A daemon to be killed: answers for names at the path argv[2], with the names of argv[3] (JSON: name -> addresses). */
import { serving, viewOf } from './names-rig.ts';

const [, , path = '', names = '{}'] = process.argv;
const view = viewOf(JSON.parse(names));
await using _server = await serving(path, () => view);
console.log('ready');
await new Promise(() => setInterval(() => {}, 1000));
