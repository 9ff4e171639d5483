/**
 * The operations of which a container is made: the border between policy (TypeScript) and the kernel (gantry-init).
 *
 * A plan is a flat list. `clone` splits gantry-init in two: operations with `side: 'host'` run in the shim (before the
 * clone, or beside the child after it), those with `side: 'inside'` run in the child, in list order on each side.
 * `signal-child` / `await-host` is the barrier between the two. The list ends with `exec` on the inside.
 * gantry-init performs operations in order, decides nothing, and reports the index, errno and a short detail of the first
 * that fails. `optional: true` makes a failure of that one operation a warning.
 *
 * Paths named `path` are the host's (before `pivot`). Paths named `target` are the container's: they are resolved
 * beneath the root opened by `root` with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS) and used by descriptor
 * (CVE-2021-30465, CVE-2024-45310); they never name anything of the host.
 */
export type Operation =
  // -- files of the host (cgroup directories, limits, /proc settings)
  (
    | { op: 'mkdir'; path: string; mode: number }
    /** One write(2) of `data` to an existing file. */
    | { op: 'write'; path: string; data: string }
    /** Writes the child's pid to `path` (a cgroup.procs). Host side, after `clone`. */
    | { op: 'write-pid'; path: string }
    /** Writes to /proc/<child>/<name> (uid_map, gid_map, setgroups, oom_score_adj). Host side, after `clone`. */
    | { op: 'write-proc'; name: string; data: string }

    // -- namespaces
    /** clone3 with these CLONE_NEW* flags; into cgroup v2 directory `cgroup` when not empty (CLONE_INTO_CGROUP). */
    | { op: 'clone'; flags: number; cgroup: string }
    | { op: 'signal-child' }
    | { op: 'await-host' }
    /** setns to the namespace file `path` (for example /proc/123/ns/net), which must be of CLONE_NEW* type `nstype`. */
    | { op: 'setns'; path: string; nstype: number }
    /** setns to several namespaces of process `pid` at once, by pidfd; `startTime` (field 22 of /proc/pid/stat, "" = unchecked) guards against reuse. */
    | { op: 'join'; pid: number; startTime: string; flags: number }
    | { op: 'unshare'; flags: number }
    /** Loads an eBPF program (BPF_PROG_TYPE_CGROUP_DEVICE, struct bpf_insn[] in memory order) and attaches it to cgroup v2 directory `path`. Host side. */
    | { op: 'device-filter'; path: string; program: Uint8Array }

    // -- root file system (new mount namespace)
    /** mount(NULL, path, MS_* propagation flags): normally MS_REC|MS_PRIVATE or MS_REC|MS_SLAVE on "/". */
    | { op: 'propagation'; path: string; flags: number }
    /** Mounts a file system on a host directory: how the root itself gets mounted. `cwd` (may be empty) is entered first so that overlay options stay short. */
    | {
        op: 'mount-root';
        source: string;
        path: string;
        fstype: string;
        flags: number;
        data: string;
        cwd: string;
      }
    /** Recursive bind of a host directory as the root (vfs, btrfs, exec into a rootfs). */
    | { op: 'bind-root'; source: string; path: string }
    /**
     * Makes a FUSE mount named `source` that is attached nowhere yet, and starts the program that serves it: `argv` (argv[0] is
     * a path) with `/dev/fd/N` behind it, in directory `cwd`, without environment. The program ends when the last mount is gone.
     * Host side, before any namespace is entered: a server that holds the namespace of its own mount would never end.
     */
    | { op: 'fuse-serve'; source: string; cwd: string; argv: string[] }
    /** Attaches what `fuse-serve` made, once its server answers. */
    | { op: 'fuse-root'; path: string }
    /**
     * Takes what a later `bind` of the same source binds, as it is now: before `propagation` cuts the namespace off from the host's, so
     * that what is mounted in the one is in the other too.
     */
    | { op: 'hold-source'; source: string; nonRecursive: boolean }
    /** Opens the root directory that all later `target`s are beneath. */
    | { op: 'root'; path: string }
    /** Mounts a new file system (proc, tmpfs, sysfs, devpts, mqueue, cgroup, cgroup2) at `target`, created as directory when missing. flags: MS_*. `copyUp`: a tmpfs starts with what the image has there. */
    | {
        op: 'mount';
        source: string;
        target: string;
        fstype: string;
        flags: number;
        data: string;
        copyUp: boolean;
      }
    /**
     * Binds host path `source` at `target`, which is created like the source (file or directory) when missing. `setAttr`/`clearAttr`: MOUNT_ATTR_* ; `recursiveAttr` applies them to submounts. propagation: MS_* or 0. `nonRecursive`: without submounts.
     * `subpath`: what is beneath directory `source`, which no link leads out of. `uidMap`, `gidMap`: an id-mapped mount, with lines as
     * in /proc/pid/uid_map: id on disk, id that is seen, count. `owner`: one in which the source's owner is seen as this user (as in
     * `user`) and the other way round. "": none of these.
     */
    | {
        op: 'bind';
        source: string;
        target: string;
        nonRecursive: boolean;
        setAttr: number;
        clearAttr: number;
        recursiveAttr: boolean;
        propagation: number;
        subpath: string;
        uidMap: string;
        gidMap: string;
        owner: string;
      }
    /** mount_setattr on what is mounted at `target` (for example the root made read-only last). */
    | { op: 'mount-attr'; target: string; setAttr: number; clearAttr: number; recursive: boolean }
    | {
        op: 'mknod';
        target: string;
        type: 'c' | 'b' | 'p';
        major: number;
        minor: number;
        mode: number;
        uid: number;
        gid: number;
      }
    | { op: 'symlink'; target: string; to: string }
    | { op: 'mkdir-in-root'; target: string; mode: number; uid: number; gid: number }
    /** Makes `target` unreadable: /dev/null over a file (verified to be char 1:3), an empty read-only tmpfs over a directory. Missing: nothing. */
    | { op: 'mask'; target: string }
    /** Binds `target` over itself read-only. Missing: nothing. */
    | { op: 'readonly'; target: string }
    /** pivot_root to the root and detach the old one. From here on the process sees only the container. */
    | { op: 'pivot' }

    // -- the process
    | { op: 'hostname'; name: string }
    | { op: 'domainname'; name: string }
    /** Writes /proc/sys/<name with / for .>, verified to be on procfs (CVE-2025-52881). Before or after pivot; net.* are those of the side's network namespace. */
    | { op: 'sysctl'; name: string; value: string }
    /** resource: RLIMIT_* number; 2^64-1 as "unlimited" is the string "unlimited". Never fatal when raising is not permitted. */
    | { op: 'rlimit'; resource: number; soft: string; hard: string }
    /** A new pty in the container's own devpts: slave to stdio and /dev/console, master to the shim. */
    | { op: 'console'; rows: number; columns: number }
    /** New session keyring named `name`. */
    | { op: 'keyring'; name: string }
    /** The environment for `exec`, `NAME=value` each. */
    | { op: 'env'; values: string[] }
    /** Docker's --user: "", name, uid, name:group, uid:gid; looked up in the container's own /etc/passwd and /etc/group (regular files, bounded size). Fixes the numbers; takes effect at `credentials`. Adds HOME to the environment when it is missing. `groups`: --group-add names or numbers. */
    | { op: 'user'; spec: string; groups: string[] }
    /** setgroups, setresgid, setresuid to what `user` found, and exactly these capability sets (64-bit masks as decimal strings). Bounding set first. */
    | {
        op: 'credentials';
        bounding: string;
        effective: string;
        permitted: string;
        inheritable: string;
        ambient: string;
      }
    | { op: 'no-new-privs' }
    /** struct sock_filter[] in memory order. */
    | { op: 'seccomp'; filter: Uint8Array; flags: number }
    /** The working directory, created (root-owned, 0755) when missing and `create`; verified by getcwd to be inside the root (CVE-2024-21626). */
    | { op: 'chdir'; target: string; create: boolean }
    | { op: 'umask'; mask: number }
    /** execve; argv[0] without a slash is searched in PATH of `env`. All descriptors but 0-2 are closed. */
    | { op: 'exec'; argv: string[] }

    // -- network (rtnetlink; in the network namespace of the side that runs it, as `join`, `setns` and `unshare` leave it)
    /**
     * A veth pair: `name`, made a port of `bridge` ("" = of none) and set up, and `peer`, born in the network namespace of `pid`.
     * `hairpin`: frames may leave by the port they came from; `isolated`: none go to another isolated port.
     */
    | ({
        op: 'veth';
        name: string;
        peer: string;
        peerMac: string;
        bridge: string;
        mtu: number;
        hairpin: boolean;
        isolated: boolean;
      } & NetworkOf)
    /** A link on `parent`, born in the network namespace of `pid`. mac "" and mtu 0 leave these to the kernel. */
    | ({
        op: 'macvlan';
        name: string;
        parent: string;
        mac: string;
        mode: 'bridge' | 'private' | 'vepa' | 'passthru';
        mtu: number;
      } & NetworkOf)
    /** The same with the hardware address of `parent`. */
    | ({
        op: 'ipvlan';
        name: string;
        parent: string;
        mode: 'l2' | 'l3' | 'l3s';
        flag: 'bridge' | 'private' | 'vepa';
        mtu: number;
      } & NetworkOf)
    /** The frames of `parent` that have VLAN `id`; existing is an error. */
    | { op: 'vlan'; name: string; parent: string; id: number }
    /** A link that leads nowhere; existing is an error. */
    | { op: 'dummy'; name: string }
    /** Existing is not an error. */
    | { op: 'bridge'; name: string; mac: string; mtu: number }
    /** Sets a link up (or down), its mtu (0 = leave) and new name ("" = leave; it must be down before Linux 6.2). */
    | { op: 'link'; name: string; up: boolean; mtu: number; rename: string }
    | { op: 'link-delete'; name: string }
    /** cidr: "172.17.0.2/16" or IPv6 (usable at once: without duplicate address detection); on a link up or down. Existing is not an error. */
    | { op: 'address'; link: string; cidr: string }
    /**
     * destination: a CIDR; "0.0.0.0/0" or "::/0" = default route, "" = that of the gateway's family. gateway "" = on the link
     * itself; link "" = wherever the gateway is. `replace`: in place of an existing route to that destination, which is an error otherwise.
     */
    | { op: 'route'; destination: string; gateway: string; link: string; replace: boolean }
    /** destination: a CIDR, "0.0.0.0/0" or "::/0"; link "" = any. Missing is not an error. */
    | { op: 'route-delete'; destination: string; link: string }

    // -- content (one-shot runs)
    /**
     * When host directory `path` (or `subpath` beneath it, which no link leads out of) is empty: with `copy` it gets what directory
     * `target` of the root holds, as it is there; then owner and mode, of which 2^32-1 leaves one as it is. Missing: nothing. Before pivot.
     */
    | {
        op: 'populate';
        target: string;
        path: string;
        subpath: string;
        copy: boolean;
        uid: number;
        gid: number;
        mode: number;
      }

    // -- subvolumes of btrfs (one-shot runs); `path` must not exist, its directory must
    | { op: 'subvolume-create'; path: string }
    /** A writable snapshot of subvolume `source`. */
    | { op: 'subvolume-snapshot'; source: string; path: string }
    /** With all subvolumes inside it. What is not a subvolume itself is refused (EINVAL). */
    | { op: 'subvolume-delete'; path: string }
    /** What it refers to may be `bytes` at most; turns the file system's quotas on. */
    | { op: 'subvolume-limit'; path: string; bytes: number }

    // -- file systems in files (one-shot runs)
    /** mount(2) of the file `source` by a loop device that goes when it is unmounted. */
    | { op: 'mount-image'; source: string; path: string; fstype: string; flags: number; data: string }
  ) & { side: 'host' | 'inside'; optional?: boolean };

/** Whose network namespace: of the plan's own child (pid 0; after `clone`), or of a running process as in `join`. Host side. */
interface NetworkOf {
  pid: number;
  startTime: string;
}

export type OperationName = Operation['op'];
export type OperationOf<N extends OperationName> = Extract<Operation, { op: N }>;
