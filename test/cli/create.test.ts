/** The body of `POST /containers/create`: for each command line, ours must mean what the Docker CLI's means. */
import { describe, expect, test } from 'bun:test';
import { type Answer, asGantry, both, meaning, noOracle, type Seen } from './oracle.ts';

const dir = new URL('fixtures/', import.meta.url).pathname;

const answers: Record<string, Answer> = {
  'POST /containers/create': { status: 201, body: { Id: 'abc', Warnings: [] } },
};

const lines: readonly string[] = [
  'busybox true',
  '-it busybox',
  '-i busybox cat',
  '-a stdout -a stdin busybox',
  '--name web -h host --domainname dom -u 1:2 -w /tmp busybox sh -c ls',
  '-e A=1 -e B= -e HOME -e NOTSET --env=C=x=y busybox',
  `--env-file ${dir}env --label-file ${dir}env -e Z=1 busybox`,
  '-l a=b -l c --label=d= busybox',
  '-p 80 busybox',
  '-p 8080:80 -p 127.0.0.1:53:53/udp -p [::1]:9000:9000/tcp busybox',
  '-p 8000-8002:8000-8002 -p 9000-9010:90 -p 7000-7001 busybox',
  '-p 127.0.0.1::80 -P --expose 99 --expose 100-102/udp busybox',
  '-p target=80,published=8080,protocol=udp busybox',
  '-v /a:/b -v vol:/c:ro -v /anon busybox',
  '-v ./x:/y -v .:/z busybox',
  '--mount type=bind,src=/a,dst=/b,ro,bind-propagation=rslave busybox',
  '--mount type=volume,source=v,target=/t,volume-nocopy,volume-label=a=b,volume-driver=local,volume-opt=o=x --mount type=tmpfs,target=/t2,tmpfs-size=10m,tmpfs-mode=1777 busybox',
  '--mount type=bind,src=.,dst=/b,bind-nonrecursive=true,readonly=true busybox',
  '--mount type=volume,dst=/v,"volume-opt=o=a,b" busybox',
  '--mount type=volume,src=v,dst=/v,volume-subpath=sub busybox',
  '--mount type=image,src=i,dst=/v,image-subpath=sub busybox',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=disabled busybox',
  '--tmpfs /run --tmpfs /tmp:size=10m,exec busybox',
  '-m 64m --memory-swap -1 --memory-reservation 32MB --memory-swappiness 10 --oom-kill-disable busybox',
  '--cpus 1.5 --cpu-shares 512 --cpu-period 100000 --cpu-quota 50000 --cpuset-cpus 0-1 --cpuset-mems 0 busybox',
  '--cpu-rt-period 1000 --cpu-rt-runtime 500 --pids-limit 100 --blkio-weight 300 busybox',
  '--blkio-weight-device /dev/sda:100 --device-read-bps /dev/sda:1mb --device-write-bps /dev/sda:2k --device-read-iops /dev/sda:10 --device-write-iops /dev/sda:20 busybox',
  '--ulimit nofile=1024:2048 --ulimit nproc=5 --ulimit core=-1 busybox',
  '--device /dev/null --device /dev/zero:/dev/z --device /dev/full:/dev/f:r --device /dev/tty:rw busybox',
  '--device-cgroup-rule "c 1:3 rwm" busybox',
  '--cap-add NET_ADMIN --cap-drop ALL --cap-add=SYS_TIME --privileged busybox',
  '--security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt label:disable busybox',
  '--security-opt systempaths=unconfined busybox',
  `--security-opt seccomp=${dir}seccomp.json busybox`,
  '--read-only --init --rm busybox',
  '--init=false --restart on-failure:3 busybox',
  '--restart always --stop-signal INT --stop-timeout 3 busybox',
  '--pid host --ipc host --uts host --userns host --cgroupns private --cgroup-parent /x busybox',
  '--pid container:x --ipc container:x busybox',
  '--net host busybox',
  '--network none busybox',
  '--network container:x busybox',
  '--network my --network-alias a --net-alias b --ip 10.0.0.5 --ip6 fe80::1 --link-local-ip 169.254.1.1 busybox',
  '--network name=my,alias=a,alias=b,ip=10.0.0.5,driver-opt=a=b,mac-address=92:d0:c6:0a:29:33,gw-priority=5 busybox',
  '--network one --network two busybox',
  '--mac-address 92:d0:c6:0a:29:33 busybox',
  '--link db:database --link other busybox',
  '--dns 1.1.1.1 --dns-search example.com --dns-search . --dns-opt ndots:1 --dns-option rotate busybox',
  '--add-host a:1.2.3.4 --add-host b=::1 --add-host c:host-gateway --add-host d:[fe80::1] busybox',
  '--group-add 1 --group-add wheel --volumes-from a --volumes-from b:ro --volume-driver local busybox',
  '--shm-size 1g --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=100 busybox',
  '--log-driver json-file --log-opt max-size=10m --log-opt max-file=3 busybox',
  '--log-driver none busybox',
  '--storage-opt size=10G --runtime gantry --isolation default busybox',
  '--health-cmd "curl localhost" --health-interval 1m30s --health-timeout 5s --health-retries 3 --health-start-period 1s --health-start-interval 500ms busybox',
  '--no-healthcheck busybox',
  '--entrypoint /bin/sh busybox -c ls',
  '--entrypoint= busybox',
  '--annotation a=b --platform linux/amd64 --oom-score-adj 500 busybox',
  '--dns-opt=a busybox -v /not/ours',
  '-itv /a:/b --rm=true -eA=B -lc=d busybox',
  'busybox -- a --b',
  '-- busybox a',
];

const refused: readonly string[] = [
  '',
  '--bogus busybox',
  '-Z busybox',
  '-m foo busybox',
  '-m busybox',
  '--memory-swappiness 200 busybox',
  '-p 99999 busybox',
  '-p 80-79 busybox',
  '-p 8000-8001:80-82 busybox',
  '-p 80/foo busybox',
  '-p 1.2.3:80:80 busybox',
  '-p abc busybox',
  '-p 8080: busybox',
  '--expose 1:2 busybox',
  '--expose x busybox',
  '-v a:b:c:d busybox',
  '-v :/x busybox',
  '--mount type=bind busybox',
  '--mount type=volume,foo=bar,dst=/x busybox',
  '--mount foo busybox',
  '--mount type=tmpfs,dst=/x,tmpfs-size=x busybox',
  '--mount type=bind,dst=/x,src=/y,volume-nocopy busybox',
  '--mount type=bind,dst=/x,src=/y,ro=maybe busybox',
  '--ulimit foo=1 busybox',
  '--ulimit nofile busybox',
  '--ulimit nofile=5:3 busybox',
  '--ulimit nofile=a busybox',
  '--device relative busybox',
  '--device /dev/a:/dev/b:xyz busybox',
  '--device /a:/b:r:w busybox',
  '--device-cgroup-rule foo busybox',
  '--blkio-weight-device sda:1 busybox',
  '--blkio-weight-device /dev/sda:5 busybox',
  '--device-read-bps /dev/sda:x busybox',
  '--device-read-iops /dev/sda:-1 busybox',
  '--dns 1.2.3 busybox',
  '--dns-search -- busybox',
  '--add-host foo busybox',
  '--add-host foo:bar busybox',
  '--sysctl foo=1 busybox',
  '--storage-opt foo busybox',
  '--security-opt foo busybox',
  '--security-opt seccomp=/nonexistent busybox',
  '--env-file /nonexistent busybox',
  '-e =x busybox',
  '-l = busybox',
  '--pid foo busybox',
  '--uts foo busybox',
  '--userns foo busybox',
  '--cgroupns foo busybox',
  '--restart always --rm busybox',
  '--restart on-failure:x busybox',
  '--restart :3 busybox',
  '--log-driver none --log-opt a=b busybox',
  '--health-cmd x --no-healthcheck busybox',
  '--health-interval -1s busybox',
  '--health-interval 5 busybox',
  '--health-interval 5q busybox',
  '--health-retries -1 busybox',
  '--mac-address foo busybox',
  '--network name=a,foo=b busybox',
  '--network a --network a busybox',
  '--network host --network a busybox',
  '--network-alias a busybox',
  '--network name=x,alias=a --network-alias b busybox',
  '--link a:b:c busybox',
  '--cpus x busybox',
  '--cpus 1.0000000001 busybox',
  '--oom-score-adj x busybox',
  '--blkio-weight 70000 busybox',
  '--blkio-weight -1 busybox',
  '--init=foo busybox',
  '-a foo busybox',
  '--pull sometimes busybox',
  '--rm=',
  '--memory=',
  '--shm-size -1 busybox',
];

/** Words of a line; double quotes keep blanks together. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
}

function createCall(seen: readonly Seen[]) {
  const call = seen.find((one) => one.path.startsWith('/containers/create'));
  return call && { path: call.path, body: meaning(call.body) };
}

describe.skipIf(noOracle)('create bodies are the Docker CLI’s', () => {
  test.concurrent.each(lines)('%s', async (line) => {
    const { docker, gantry } = await both(['create', ...words(line)], answers);
    expect(gantry.stderr).toBe(asGantry(docker.stderr));
    expect(createCall(gantry.seen)).toEqual(createCall(docker.seen));
    expect(gantry.stdout).toBe(docker.stdout);
    expect(gantry.code).toBe(docker.code);
  });
});

describe.skipIf(noOracle)('refused command lines have the Docker CLI’s text and code', () => {
  test.concurrent.each(refused)('%s', async (line) => {
    const { docker, gantry } = await both(['create', ...words(line)], answers);
    expect(gantry.stderr).toBe(asGantry(docker.stderr));
    expect(gantry.code).toBe(docker.code);
  });
});
