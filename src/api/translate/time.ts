/** Dates as Go prints them, and durations as docker ps shows them. */

/** What Go prints for a time that was never set. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** RFC3339Nano in UTC of milliseconds since the epoch with fraction; 0 is "never". Trailing zeros go, as in Go. */
export function rfc3339(milliseconds: number): string {
  if (milliseconds === 0) return zeroTime;
  const whole = Math.floor(milliseconds);
  const below = Math.round((milliseconds - whole) * 1e6);
  const text = new Date(whole).toISOString();
  const fraction = `${text.slice(20, 23)}${String(Math.min(below, 999_999)).padStart(6, '0')}`.replace(
    /0+$/,
    '',
  );
  return `${text.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** RFC3339Nano of a time that is exact to the nanosecond. */
export function rfc3339Parts(seconds: number, nanoseconds: number): string {
  const fraction = String(nanoseconds).padStart(9, '0').replace(/0+$/, '');
  const whole = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, '');
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** RFC 3339 in UTC without fraction (volumes). */
export function rfc3339Seconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
