/** The body of `POST /containers/create`, into what the containers noun takes. */

import type { ContainerConfig, CreateRequest, HealthCheck } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { EndpointRequest } from '../../networks/model.ts';
import { parseHostConfig } from './create-host.ts';
import { checkEndpoints, parseEndpoint } from './endpoint-request.ts';
import { Fields } from './fields.ts';
import { parsePorts } from './ports.ts';

const struct = 'CreateRequest';

export interface CreateParameters {
  name: string;
  platform: string;
  /** Minor API version of the request: older ones have other defaults and fewer fields. */
  version: number;
}

/** Shape and types are checked here; what the values mean is the container's own validation. */
export function parseCreate(body: unknown, { name, platform, version }: CreateParameters): CreateRequest {
  if (body === null) throw invalid('invalid JSON: got EOF while reading request body');
  const fields = Fields.of(body, struct);
  const endpoints = parseEndpoints(fields.object('NetworkingConfig'), version);
  const empty = Fields.of(null, struct);
  return {
    name: name.replace(/^\//, ''),
    platform: version >= 41 ? platform : '',
    config: parseConfig(fields, version),
    hostConfig: parseHostConfig(fields.object('HostConfig') ?? empty, version),
    endpoints,
    readOnlyNonRecursive: version < 44,
  };
}

/** The body of `POST /commit`: a container's configuration; null when none was sent. */
export function parseCommitConfig(body: unknown, version: number): ContainerConfig | null {
  return body === null ? null : parseConfig(Fields.of(body, 'ContainerConfigWrapper'), version);
}

function parseConfig(fields: Fields, version: number): ContainerConfig {
  return {
    image: fields.text('Image'),
    hostname: fields.text('Hostname'),
    domainname: fields.text('Domainname'),
    user: fields.text('User'),
    attachStdin: fields.boolean('AttachStdin'),
    attachStdout: fields.boolean('AttachStdout'),
    attachStderr: fields.boolean('AttachStderr'),
    tty: fields.boolean('Tty'),
    openStdin: fields.boolean('OpenStdin'),
    stdinOnce: fields.boolean('StdinOnce'),
    env: fields.texts('Env'),
    cmd: fields.words('Cmd'),
    entrypoint: fields.words('Entrypoint'),
    workingDir: fields.text('WorkingDir'),
    labels: fields.textMap('Labels'),
    volumes: fields.keys('Volumes'),
    exposedPorts: fields.keys('ExposedPorts').flatMap(parsePorts),
    stopSignal: fields.text('StopSignal'),
    stopTimeout: fields.integerOrNull('StopTimeout'),
    healthcheck: parseHealthCheck(fields.object('Healthcheck'), version),
    networkDisabled: fields.boolean('NetworkDisabled'),
    macAddress: fields.text('MacAddress'),
    shell: fields.words('Shell'),
    onBuild: fields.textsOrNull('OnBuild'),
  };
}

function parseHealthCheck(check: Fields | null, version: number): HealthCheck | null {
  if (!check) return null;
  return {
    test: check.texts('Test'),
    interval: check.integer('Interval'),
    timeout: check.integer('Timeout'),
    startPeriod: check.integer('StartPeriod'),
    startInterval: version >= 44 ? check.integer('StartInterval') : 0,
    retries: check.integer('Retries'),
  };
}

function parseEndpoints(networking: Fields | null, version: number): Record<string, EndpointRequest> {
  const given = networking?.entries('EndpointsConfig') ?? [];
  if (version < 44 && given.length > 1)
    throw invalid(
      `Container cannot be created with multiple network endpoints: ${given.map(([name]) => name).join(', ')}`,
    );
  const endpoints = Object.fromEntries(
    given.map(([name, endpoint]) => [name, parseEndpoint(endpoint, version)]),
  );
  checkEndpoints(endpoints);
  return endpoints;
}
