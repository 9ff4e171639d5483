/** System calls of arm: name and number. Written by scripts/syscalls.ts. */
export const arm = `
cachestat 451 fchmodat2 452 map_shadow_stack 453 futex_wake 454 futex_wait 455 futex_requeue 456
statmount 457 listmount 458 lsm_get_self_attr 459 lsm_set_self_attr 460 lsm_list_modules 461 mseal 462
setxattrat 463 getxattrat 464 listxattrat 465 removexattrat 466 open_tree_attr 467 file_getattr 468
file_setattr 469 restart_syscall 9437184 exit 9437185 fork 9437186 read 9437187 write 9437188 open 9437189
close 9437190 creat 9437192 link 9437193 unlink 9437194 execve 9437195 chdir 9437196 time 9437197
mknod 9437198 chmod 9437199 lchown 9437200 lseek 9437203 getpid 9437204 mount 9437205 umount 9437206
setuid 9437207 getuid 9437208 stime 9437209 ptrace 9437210 alarm 9437211 pause 9437213 utime 9437214
access 9437217 nice 9437218 sync 9437220 kill 9437221 rename 9437222 mkdir 9437223 rmdir 9437224
dup 9437225 pipe 9437226 times 9437227 brk 9437229 setgid 9437230 getgid 9437231 geteuid 9437233
getegid 9437234 acct 9437235 umount2 9437236 ioctl 9437238 fcntl 9437239 setpgid 9437241 umask 9437244
chroot 9437245 ustat 9437246 dup2 9437247 getppid 9437248 getpgrp 9437249 setsid 9437250 sigaction 9437251
setreuid 9437254 setregid 9437255 sigsuspend 9437256 sigpending 9437257 sethostname 9437258
setrlimit 9437259 getrlimit 9437260 getrusage 9437261 gettimeofday 9437262 settimeofday 9437263
getgroups 9437264 setgroups 9437265 select 9437266 symlink 9437267 readlink 9437269 uselib 9437270
swapon 9437271 reboot 9437272 readdir 9437273 mmap 9437274 munmap 9437275 truncate 9437276
ftruncate 9437277 fchmod 9437278 fchown 9437279 getpriority 9437280 setpriority 9437281 statfs 9437283
fstatfs 9437284 socketcall 9437286 syslog 9437287 setitimer 9437288 getitimer 9437289 stat 9437290
lstat 9437291 fstat 9437292 vhangup 9437295 syscall 9437297 wait4 9437298 swapoff 9437299 sysinfo 9437300
ipc 9437301 fsync 9437302 sigreturn 9437303 clone 9437304 setdomainname 9437305 uname 9437306
adjtimex 9437308 mprotect 9437309 sigprocmask 9437310 init_module 9437312 delete_module 9437313
quotactl 9437315 getpgid 9437316 fchdir 9437317 bdflush 9437318 sysfs 9437319 personality 9437320
setfsuid 9437322 setfsgid 9437323 _llseek 9437324 getdents 9437325 _newselect 9437326 flock 9437327
msync 9437328 readv 9437329 writev 9437330 getsid 9437331 fdatasync 9437332 _sysctl 9437333 mlock 9437334
munlock 9437335 mlockall 9437336 munlockall 9437337 sched_setparam 9437338 sched_getparam 9437339
sched_setscheduler 9437340 sched_getscheduler 9437341 sched_yield 9437342 sched_get_priority_max 9437343
sched_get_priority_min 9437344 sched_rr_get_interval 9437345 nanosleep 9437346 mremap 9437347
setresuid 9437348 getresuid 9437349 poll 9437352 nfsservctl 9437353 setresgid 9437354 getresgid 9437355
prctl 9437356 rt_sigreturn 9437357 rt_sigaction 9437358 rt_sigprocmask 9437359 rt_sigpending 9437360
rt_sigtimedwait 9437361 rt_sigqueueinfo 9437362 rt_sigsuspend 9437363 pread64 9437364 pwrite64 9437365
chown 9437366 getcwd 9437367 capget 9437368 capset 9437369 sigaltstack 9437370 sendfile 9437371
vfork 9437374 ugetrlimit 9437375 mmap2 9437376 truncate64 9437377 ftruncate64 9437378 stat64 9437379
lstat64 9437380 fstat64 9437381 lchown32 9437382 getuid32 9437383 getgid32 9437384 geteuid32 9437385
getegid32 9437386 setreuid32 9437387 setregid32 9437388 getgroups32 9437389 setgroups32 9437390
fchown32 9437391 setresuid32 9437392 getresuid32 9437393 setresgid32 9437394 getresgid32 9437395
chown32 9437396 setuid32 9437397 setgid32 9437398 setfsuid32 9437399 setfsgid32 9437400 getdents64 9437401
pivot_root 9437402 mincore 9437403 madvise 9437404 fcntl64 9437405 gettid 9437408 readahead 9437409
setxattr 9437410 lsetxattr 9437411 fsetxattr 9437412 getxattr 9437413 lgetxattr 9437414 fgetxattr 9437415
listxattr 9437416 llistxattr 9437417 flistxattr 9437418 removexattr 9437419 lremovexattr 9437420
fremovexattr 9437421 tkill 9437422 sendfile64 9437423 futex 9437424 sched_setaffinity 9437425
sched_getaffinity 9437426 io_setup 9437427 io_destroy 9437428 io_getevents 9437429 io_submit 9437430
io_cancel 9437431 exit_group 9437432 lookup_dcookie 9437433 epoll_create 9437434 epoll_ctl 9437435
epoll_wait 9437436 remap_file_pages 9437437 set_tid_address 9437440 timer_create 9437441
timer_settime 9437442 timer_gettime 9437443 timer_getoverrun 9437444 timer_delete 9437445
clock_settime 9437446 clock_gettime 9437447 clock_getres 9437448 clock_nanosleep 9437449 statfs64 9437450
fstatfs64 9437451 tgkill 9437452 utimes 9437453 arm_fadvise64_64 9437454 pciconfig_iobase 9437455
pciconfig_read 9437456 pciconfig_write 9437457 mq_open 9437458 mq_unlink 9437459 mq_timedsend 9437460
mq_timedreceive 9437461 mq_notify 9437462 mq_getsetattr 9437463 waitid 9437464 socket 9437465 bind 9437466
connect 9437467 listen 9437468 accept 9437469 getsockname 9437470 getpeername 9437471 socketpair 9437472
send 9437473 sendto 9437474 recv 9437475 recvfrom 9437476 shutdown 9437477 setsockopt 9437478
getsockopt 9437479 sendmsg 9437480 recvmsg 9437481 semop 9437482 semget 9437483 semctl 9437484
msgsnd 9437485 msgrcv 9437486 msgget 9437487 msgctl 9437488 shmat 9437489 shmdt 9437490 shmget 9437491
shmctl 9437492 add_key 9437493 request_key 9437494 keyctl 9437495 semtimedop 9437496 vserver 9437497
ioprio_set 9437498 ioprio_get 9437499 inotify_init 9437500 inotify_add_watch 9437501
inotify_rm_watch 9437502 mbind 9437503 get_mempolicy 9437504 set_mempolicy 9437505 openat 9437506
mkdirat 9437507 mknodat 9437508 fchownat 9437509 futimesat 9437510 fstatat64 9437511 unlinkat 9437512
renameat 9437513 linkat 9437514 symlinkat 9437515 readlinkat 9437516 fchmodat 9437517 faccessat 9437518
pselect6 9437519 ppoll 9437520 unshare 9437521 set_robust_list 9437522 get_robust_list 9437523
splice 9437524 arm_sync_file_range 9437525 sync_file_range2 9437525 tee 9437526 vmsplice 9437527
move_pages 9437528 getcpu 9437529 epoll_pwait 9437530 kexec_load 9437531 utimensat 9437532 signalfd 9437533
timerfd_create 9437534 eventfd 9437535 fallocate 9437536 timerfd_settime 9437537 timerfd_gettime 9437538
signalfd4 9437539 eventfd2 9437540 epoll_create1 9437541 dup3 9437542 pipe2 9437543 inotify_init1 9437544
preadv 9437545 pwritev 9437546 rt_tgsigqueueinfo 9437547 perf_event_open 9437548 recvmmsg 9437549
accept4 9437550 fanotify_init 9437551 fanotify_mark 9437552 prlimit64 9437553 name_to_handle_at 9437554
open_by_handle_at 9437555 clock_adjtime 9437556 syncfs 9437557 sendmmsg 9437558 setns 9437559
process_vm_readv 9437560 process_vm_writev 9437561 kcmp 9437562 finit_module 9437563 sched_setattr 9437564
sched_getattr 9437565 renameat2 9437566 seccomp 9437567 getrandom 9437568 memfd_create 9437569 bpf 9437570
execveat 9437571 userfaultfd 9437572 membarrier 9437573 mlock2 9437574 copy_file_range 9437575
preadv2 9437576 pwritev2 9437577 pkey_mprotect 9437578 pkey_alloc 9437579 pkey_free 9437580 statx 9437581
rseq 9437582 io_pgetevents 9437583 migrate_pages 9437584 kexec_file_load 9437585 clock_gettime64 9437587
clock_settime64 9437588 clock_adjtime64 9437589 clock_getres_time64 9437590 clock_nanosleep_time64 9437591
timer_gettime64 9437592 timer_settime64 9437593 timerfd_gettime64 9437594 timerfd_settime64 9437595
utimensat_time64 9437596 pselect6_time64 9437597 ppoll_time64 9437598 io_pgetevents_time64 9437600
recvmmsg_time64 9437601 mq_timedsend_time64 9437602 mq_timedreceive_time64 9437603
semtimedop_time64 9437604 rt_sigtimedwait_time64 9437605 futex_time64 9437606
sched_rr_get_interval_time64 9437607 pidfd_send_signal 9437608 io_uring_setup 9437609
io_uring_enter 9437610 io_uring_register 9437611 open_tree 9437612 move_mount 9437613 fsopen 9437614
fsconfig 9437615 fsmount 9437616 fspick 9437617 pidfd_open 9437618 clone3 9437619 close_range 9437620
openat2 9437621 pidfd_getfd 9437622 faccessat2 9437623 process_madvise 9437624 epoll_pwait2 9437625
mount_setattr 9437626 quotactl_fd 9437627 landlock_create_ruleset 9437628 landlock_add_rule 9437629
landlock_restrict_self 9437630 process_mrelease 9437632 futex_waitv 9437633 set_mempolicy_home_node 9437634
breakpoint 10420225 cacheflush 10420226 usr26 10420227 usr32 10420228 set_tls 10420229 get_tls 10420230
`;
