/** Where things are when nobody says otherwise. */
export const defaults = {
  dataRoot: '/var/lib/gantry',
  execRoot: '/run/gantry',
  socket: '/run/gantry/gantry.sock',
  dockerSocket: '/var/run/docker.sock',
  configFile: '/etc/gantry/daemon.json',
  bridge: 'gantry0',
} as const;
