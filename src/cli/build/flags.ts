/** The options of `build`: those of docker build, with or without buildx. */
import { checkExtraHost, checkLabel, checkMemorySwap, checkUlimit } from '../create/validators.ts';
import { contentTrustFlag } from '../flags/common.ts';
import type { Flag } from '../flags/flag.ts';

const what: readonly Flag[] = [
  { name: 'build-arg', type: 'list', usage: 'Set build-time variables' },
  { name: 'build-context', type: 'list', usage: 'Additional build contexts (e.g., name=path)' },
  { name: 'file', short: 'f', type: 'string', usage: 'Name of the Dockerfile (default: "PATH/Dockerfile")' },
  { name: 'label', type: 'list', usage: 'Set metadata for an image', check: checkLabel },
  { name: 'platform', type: 'strings', usage: 'Set target platform for build' },
  {
    name: 'secret',
    type: 'list',
    usage: 'Secret to expose to the build (format: "id=mysecret[,src=/local/secret]")',
  },
  {
    name: 'ssh',
    type: 'list',
    usage:
      'SSH agent socket or keys to expose to the build (format: "default|<id>[=<socket>|<key>[,<key>]]")',
  },
  {
    name: 'tag',
    short: 't',
    type: 'list',
    usage: 'Image identifier (format: "[registry/]repository[:tag]")',
  },
  { name: 'target', type: 'string', usage: 'Set the target build stage to build' },
  { name: 'squash', type: 'bool', usage: 'Squash newly built layers into a single new layer' },
];

const cache: readonly Flag[] = [
  {
    name: 'cache-from',
    type: 'list',
    usage: 'External cache sources (e.g., "user/app:cache", "type=local,src=path/to/dir")',
  },
  {
    name: 'cache-to',
    type: 'list',
    usage: 'Cache export destinations (e.g., "user/app:cache", "type=local,dest=path/to/dir", "type=inline")',
  },
  { name: 'no-cache', type: 'bool', usage: 'Do not use cache when building the image' },
  { name: 'no-cache-filter', type: 'strings', usage: 'Do not cache specified stages' },
  { name: 'pull', type: 'bool', usage: 'Always attempt to pull all referenced images' },
];

const outcome: readonly Flag[] = [
  { name: 'iidfile', type: 'string', usage: 'Write the image ID to a file' },
  { name: 'load', type: 'bool', usage: 'Shorthand for "--output=type=docker"' },
  { name: 'metadata-file', type: 'string', usage: 'Write build result metadata to a file' },
  { name: 'output', short: 'o', type: 'list', usage: 'Output destination (format: "type=local,dest=path")' },
  { name: 'push', type: 'bool', usage: 'Shorthand for "--output=type=registry"' },
];

const display: readonly Flag[] = [
  { name: 'call', type: 'string', usage: 'Set method for evaluating build ("check")', default: 'build' },
  { name: 'check', type: 'bool', usage: 'Shorthand for "--call=check"' },
  { name: 'debug', short: 'D', type: 'bool', usage: 'Show warnings in full' },
  {
    name: 'progress',
    type: 'string',
    usage:
      'Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty"). Use plain to show container output',
    default: 'auto',
  },
  {
    name: 'quiet',
    short: 'q',
    type: 'bool',
    usage: 'Suppress the build output and print image ID on success',
  },
];

const steps: readonly Flag[] = [
  {
    name: 'add-host',
    type: 'list',
    usage: 'Add a custom host-to-IP mapping (format: "host:ip")',
    check: checkExtraHost,
  },
  {
    name: 'allow',
    type: 'strings',
    usage: 'Allow extra privileged entitlement (e.g., "network.host", "security.insecure")',
  },
  {
    name: 'cgroup-parent',
    type: 'string',
    usage: 'Set the parent cgroup for the "RUN" instructions during build',
  },
  { name: 'cpu-period', type: 'int', usage: 'Limit the CPU CFS (Completely Fair Scheduler) period' },
  { name: 'cpu-quota', type: 'int', usage: 'Limit the CPU CFS (Completely Fair Scheduler) quota' },
  { name: 'cpu-shares', short: 'c', type: 'int', usage: 'CPU shares (relative weight)' },
  { name: 'cpuset-cpus', type: 'string', usage: 'CPUs in which to allow execution (0-3, 0,1)' },
  { name: 'cpuset-mems', type: 'string', usage: 'MEMs in which to allow execution (0-3, 0,1)' },
  { name: 'memory', short: 'm', type: 'bytes', usage: 'Memory limit' },
  {
    name: 'memory-swap',
    type: 'bytes',
    usage: 'Swap limit equal to memory plus swap: -1 to enable unlimited swap',
    check: checkMemorySwap,
  },
  {
    name: 'network',
    type: 'string',
    usage: 'Set the networking mode for the "RUN" instructions during build',
    default: 'default',
  },
  {
    name: 'resource',
    type: 'strings',
    usage: 'Resource limits for build containers (format: "memory=2g", "cpu-quota=50000")',
  },
  { name: 'security-opt', type: 'strings', usage: 'Security options' },
  { name: 'shm-size', type: 'bytes', usage: 'Shared memory size for build containers' },
  { name: 'ulimit', type: 'ulimit', usage: 'Ulimit options', default: '[]', check: checkUlimit },
];

/** What changes nothing here: intermediate containers always go, and contexts are sent as they are. */
const accepted: readonly Flag[] = [
  { name: 'builder', type: 'string', usage: 'Override the configured builder instance' },
  { name: 'compress', type: 'bool', usage: 'Compress the build context using gzip' },
  contentTrustFlag,
  { name: 'force-rm', type: 'bool', usage: 'Always remove intermediate containers' },
  { name: 'isolation', type: 'string', usage: 'Container isolation technology' },
  {
    name: 'rm',
    type: 'bool',
    usage: 'Remove intermediate containers after a successful build',
    default: 'true',
  },
].map((flag) => ({ ...flag, hidden: true }) as Flag);

/** What this version does not do; it is said when they are used (see refusals.ts). */
const later: readonly Flag[] = [
  { name: 'annotation', type: 'list', usage: 'Add annotation to the image', hidden: true },
  { name: 'attest', type: 'list', usage: 'Attestation parameters', hidden: true },
  { name: 'policy', type: 'list', usage: 'Policy configuration', hidden: true },
  { name: 'provenance', type: 'string', usage: 'Shorthand for "--attest=type=provenance"', hidden: true },
  { name: 'sbom', type: 'string', usage: 'Shorthand for "--attest=type=sbom"', hidden: true },
];

export const buildFlags: readonly Flag[] = [
  ...what,
  ...cache,
  ...outcome,
  ...display,
  ...steps,
  ...accepted,
  ...later,
];
