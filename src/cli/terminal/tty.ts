/** Raw mode and size of the terminal, by termios(3) and ioctl_tty(2). */
import { addressOf, libc } from './libc.ts';

const TIOCGWINSZ = 0x5413;
const TCSANOW = 0;
/** c_iflag, c_oflag, c_cflag, c_lflag, then c_line and c_cc[32] (Linux, all 64-bit architectures). */
const termiosSize = 60;
const inputFlags = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x400; // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
const OPOST = 0x1;
const controlMask = 0x30 | 0x100; // CSIZE PARENB
const CS8 = 0x30;
const ECHO = 0x8;
const localFlags = ECHO | 0x40 | 0x2 | 0x1 | 0x8000; // ECHO ECHONL ICANON ISIG IEXTEN
const VTIME = 17 + 5;
const VMIN = 17 + 6;

export interface Size {
  rows: number;
  columns: number;
}

/** The window size of the terminal behind `fd`, or null when it is none. */
export function terminalSize(fd: number): Size | null {
  const size = new Uint16Array(4);
  if (libc().ioctl(fd, TIOCGWINSZ, addressOf(size)) !== 0) return null;
  return { rows: size[0] ?? 0, columns: size[1] ?? 0 };
}

/** Puts the terminal into raw mode until the result is disposed. */
export function rawMode(fd: number): Disposable {
  return changed(fd, (words, bytes) => {
    words[0] = (words[0] ?? 0) & ~inputFlags;
    words[1] = (words[1] ?? 0) & ~OPOST;
    words[2] = ((words[2] ?? 0) & ~controlMask) | CS8;
    words[3] = (words[3] ?? 0) & ~localFlags;
    bytes[VTIME] = 0;
    bytes[VMIN] = 1;
  });
}

/** What is typed is not shown until the result is disposed. */
export function withoutEcho(fd: number): Disposable {
  return changed(fd, (words) => {
    words[3] = (words[3] ?? 0) & ~ECHO;
  });
}

/** Applies a change to the four words of flags and the bytes of the whole structure; disposing takes it back. */
function changed(fd: number, change: (words: Uint32Array, bytes: Uint8Array) => void): Disposable {
  const saved = new Uint8Array(termiosSize);
  if (libc().tcgetattr(fd, addressOf(saved)) !== 0) return { [Symbol.dispose]() {} };
  const wanted = saved.slice();
  change(new Uint32Array(wanted.buffer, 0, 4), wanted);
  libc().tcsetattr(fd, TCSANOW, addressOf(wanted));
  return {
    [Symbol.dispose]() {
      libc().tcsetattr(fd, TCSANOW, addressOf(saved));
    },
  };
}
