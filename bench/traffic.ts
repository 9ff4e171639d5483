/** What goes through: bytes by iperf3, requests by this process. */
import { command } from '../test/rig/command.ts';

interface Report {
  error?: string;
  end: { sum_received?: { bits_per_second: number } };
}

/** Gbit/s of one TCP connection, as the server of it counted. `from`: prefix that runs a command where the caller is. */
export async function throughput(from: string[], address: string): Promise<number> {
  const argv = [...from, 'iperf3', '-c', address, '-t', '3', '-O', '1', '-J'];
  // Between two tests its server does not listen for a moment.
  for (let attempts = 3; ; attempts--) {
    const { code, stdout, stderr } = await command(argv);
    const report = JSON.parse(stdout || '{}') as Report;
    const rate = report.end?.sum_received?.bits_per_second;
    if (code === 0 && rate !== undefined) return rate / 1e9;
    if (attempts === 1) throw new Error(`${argv.join(' ')}: ${report.error ?? stderr}`);
    await Bun.sleep(200);
  }
}

const requests = 3000;
const atOnce = 16;

/** Requests per second, each with a connection of its own. */
export async function requestRate(url: string): Promise<number> {
  let left = requests;
  const before = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) {
        const response = await fetch(url, { keepalive: false, headers: { connection: 'close' } });
        if ((await response.text()) !== 'ok') throw new Error(`${url} answered ${response.status}`);
      }
    }),
  );
  return (requests / (performance.now() - before)) * 1000;
}
