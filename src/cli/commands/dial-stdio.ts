import { type Command, noArguments } from '../command.ts';
import { exitCode } from '../exit.ts';
import { writeOut } from '../terminal/output.ts';

export const command: Command = {
  usage: '',
  args: noArguments,
  flags: [],
  async run({ client }) {
    using connection = await client.dial();
    const input = async () => {
      for await (const chunk of Bun.stdin.stream()) await connection.write(chunk);
      connection.endWriting();
    };
    // The end of our input is only half of the end: the daemon closes when it has answered.
    input().catch(() => undefined);
    for (let chunk = await connection.incoming.read(); chunk; chunk = await connection.incoming.read())
      writeOut(chunk);
    return exitCode.success;
  },
};
