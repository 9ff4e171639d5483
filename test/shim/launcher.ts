/** A daemon to be killed: launches the shim that argv[2] (JSON) describes, says its pid, and waits. */
import type { Operation } from '../../src/linux/operations.ts';
import { launchShim } from '../../src/shim/launch.ts';
import type { Launch } from '../../src/shim/protocol.ts';

const { launch, operations }: { launch: Launch; operations: Operation[] } = JSON.parse(process.argv[2] ?? '');
const shim = await launchShim(launch, operations);
console.log(shim.pid);
setInterval(() => {}, 1000);
