/**
 * System calls that a service may make, for every architecture together: a runtime skips the names
 * that its libseccomp or the architecture does not know. Left out is what loads code into the
 * kernel, sets its clock, mounts, makes namespaces, reads other processes' memory by file handle,
 * or reaches parts of the kernel with a record of holes (bpf, keyrings, io_uring, userfaultfd).
 */
export const ALLOWED = words(`
  read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat openat2 creat close
  close_range lseek _llseek dup dup2 dup3 fcntl fcntl64 ioctl flock fsync fdatasync sync syncfs
  sync_file_range sync_file_range2 arm_sync_file_range truncate truncate64 ftruncate ftruncate64 fallocate
  fadvise64 fadvise64_64 arm_fadvise64_64 readahead sendfile sendfile64 splice tee vmsplice
  copy_file_range cachestat pipe pipe2 memfd_create memfd_secret

  stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 ustat
  access faccessat faccessat2 readlink readlinkat getcwd chdir fchdir mkdir mkdirat rmdir rename renameat
  renameat2 link linkat symlink symlinkat unlink unlinkat mknod mknodat chmod fchmod fchmodat fchmodat2
  chown chown32 fchown fchown32 fchownat lchown lchown32 umask utime utimes utimensat
  utimensat_time64 futimesat getdents getdents64 name_to_handle_at chroot
  getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat
  listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat
  inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
  statmount listmount file_getattr file_setattr

  select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl
  epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4
  timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
  io_setup io_submit io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64

  socketpair socketcall bind connect listen accept accept4 getsockname getpeername getsockopt
  setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 shutdown

  mmap mmap2 munmap mremap mprotect pkey_alloc pkey_free pkey_mprotect madvise process_madvise msync mincore
  mlock mlock2 munlock mlockall munlockall brk remap_file_pages membarrier map_shadow_stack mseal
  mbind get_mempolicy set_mempolicy set_mempolicy_home_node

  fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill
  pidfd_open pidfd_send_signal process_mrelease
  getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address set_robust_list get_robust_list
  futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue rseq restart_syscall
  sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
  sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
  sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set nice
  getcpu getrlimit setrlimit ugetrlimit prlimit64 getrusage times sysinfo uname prctl arch_prctl
  modify_ldt set_thread_area get_thread_area seccomp uretprobe
  landlock_create_ruleset landlock_add_rule landlock_restrict_self lsm_get_self_attr lsm_list_modules

  signal sigaction sigaltstack sigpending sigprocmask sigreturn sigsuspend rt_sigaction rt_sigpending
  rt_sigprocmask rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
  rt_sigtimedwait_time64 pause alarm

  getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid
  getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
  setresuid setresuid32 setresgid setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32
  capget capset

  time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep
  clock_nanosleep_time64 nanosleep getitimer setitimer timer_create timer_delete timer_getoverrun
  timer_gettime timer_gettime64 timer_settime timer_settime64 adjtimex clock_adjtime clock_adjtime64

  mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive
  mq_timedreceive_time64 ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64
  shmat shmctl shmdt shmget

  getrandom ptrace process_vm_readv process_vm_writev kcmp
  breakpoint cacheflush set_tls get_tls riscv_flush_icache riscv_hwprobe s390_pci_mmio_read
  s390_pci_mmio_write s390_runtime_instr swapcontext rtas switch_endian multiplexer subpage_prot
`);

/**
 * Known calls that are refused with EPERM, as for any unprivileged process. What is in neither list
 * answers ENOSYS: a C library that tries a call newer than this list then falls back to an older one.
 */
export const FORBIDDEN = words(`
  acct add_key bpf clock_settime clock_settime64 create_module delete_module fanotify_init
  finit_module fsconfig fsmount fsopen fspick get_kernel_syms init_module io_uring_enter io_uring_register
  io_uring_setup ioperm iopl kexec_file_load kexec_load keyctl lookup_dcookie migrate_pages mount
  mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree open_tree_attr perf_event_open
  pidfd_getfd pivot_root query_module quotactl quotactl_fd reboot request_key setdomainname sethostname setns
  settimeofday stime swapoff swapon sysfs syslog _sysctl umount umount2 unshare uselib userfaultfd vhangup
  vm86 vm86old vserver
`);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
