import { defaults } from './defaults.ts';

export const daemonHelp = `
Usage:  gantry daemon [OPTIONS]

The engine: serves the Docker API until it is told to stop. Containers go on without it.

Options:
  -b, --bridge string              Bridge of the default network, or "none" (default "${defaults.bridge}")
      --bip string                 Address of the bridge, such as 172.30.0.1/16 (default: a range no route uses)
      --config-file string         Configuration file (default "${defaults.configFile}")
      --data-root string           Images, containers, volumes (default "${defaults.dataRoot}")
  -D, --debug                      Same as --log-level debug
      --default-address-pool list  Ranges for networks without a subnet: base=10.10.0.0/16,size=24
      --dns list                   DNS servers for containers
      --exec-root string           Sockets and run-time state (default "${defaults.execRoot}")
  -G, --group string               Group that may use the unix socket
  -H, --host list                  unix:// or tcp:// to listen on (default unix://${defaults.socket},
                                   and ${defaults.dockerSocket} when nothing owns it)
      --icc bool                   Containers on the default bridge may talk to each other (default true)
      --image-gc policy            Remove unused images: high=85%,low=70%,min-age=24h,keep=label=x,keep=reference=y
      --insecure-registry list     Registries without TLS
      --label list                 Labels shown by gantry info
  -l, --log-level string           debug, info, warn or error (default "info")
      --log-opt list               Default log options (max-size=10m, max-file=3)
      --max-concurrent-downloads int   Layers of one pull at the same time (default 3)
      --max-concurrent-uploads int     Layers of one push at the same time (default 5)
      --max-download-attempts int      Tries of each download (default 5)
  -p, --pidfile string             Where the daemon's pid is written
      --plugin-directory list      Where volume plugins have their sockets, .spec and .json files (default
                                   /run/gantry/plugins, /etc/gantry/plugins, and Docker's)
      --registry-certs list        Directories of <host>/hosts.toml and <host>/ca.crt (default /etc/gantry/certs.d
                                   and /etc/docker/certs.d)
      --registry-mirror list       Mirrors of docker.io, asked before it
  -s, --storage-driver string      overlay2, fuse-overlayfs, btrfs or vfs (default: the first that
                                   works on the data root)
      --thin-layers bool           Keep plain layers once, as the unpacked layer (default true)
      --tls                        Serve TLS on tcp:// hosts
      --tlsverify                  The same, and demand a client certificate
      --tlscacert, --tlscert, --tlskey string   Their files
`;
