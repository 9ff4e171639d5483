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

/** RFC 3339 in UTC without fraction (volumes). */
export function rfc3339Seconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** go-units HumanDuration. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(milliseconds / 3_600_000 / 24 / 365)} years`;
}
