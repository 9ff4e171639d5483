/** Shapes shared by several nouns of the Docker Engine API. */

export interface ErrorResponse {
  message: string;
}

export interface IdResponse {
  Id: string;
}

/** Docker's PortMap: `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`; null for an exposed, unpublished port. */
export type PortMap = Record<string, PortBinding[] | null>;

export interface PortBinding {
  HostIp: string;
  HostPort: string;
}

export interface HealthConfig {
  Test?: string[];
  /** Nanoseconds, as the four below. */
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

export interface Platform {
  architecture?: string;
  os?: string;
  variant?: string;
}

/** One line of a JSON progress stream (load, import, pull, push, build). */
export interface ProgressLine {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number };
  aux?: Record<string, unknown>;
  error?: string;
  errorDetail?: { code?: number; message: string };
}
