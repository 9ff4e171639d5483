import { messageOf } from '../../lib/errors.ts';
import { domainOfAddress, hostOfAddress } from '../../lib/registry-host.ts';
import { between, type Command } from '../command.ts';
import { environment, eraseCredentials, keyOf } from '../credentials/store.ts';
import { exitCode } from '../exit.ts';
import { writeErr, writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[SERVER]',
  args: between(0, 1),
  description: 'Log out from a registry.\nIf no server is specified, the default is defined by the daemon.',
  flags: [],
  async run({ args: [address = ''], configDirectory }) {
    warnOfEnvironment();
    const key = keyOf(domainOfAddress(address));
    writeLine(`Removing login credentials for ${key}`);
    const failures: string[] = [];
    for (const form of forms(key, address)) {
      await eraseCredentials(configDirectory, form).catch((error: unknown) =>
        failures.push(`${form}: ${messageOf(error)}\n`),
      );
    }
    if (failures.length < forms(key, address).length) return exitCode.success;
    writeErr(`WARNING: could not erase credentials:\n${failures.join('')}`);
    return exitCode.failure;
  },
};

/** Every way in which clients have written the key of a registry. */
function forms(key: string, address: string): string[] {
  const host = hostOfAddress(key);
  return key === host ? [...new Set([address, host, `http://${host}`, `https://${host}`])] : [key];
}

/** What the variable names is used whatever `login` and `logout` do. */
export function warnOfEnvironment(): void {
  const name = environment()?.name;
  if (name === undefined) return;
  writeErr(
    `WARNING: ${name} is set and takes precedence.\nUnset ${name} to restore the CLI auth behaviour.\n`,
  );
}
