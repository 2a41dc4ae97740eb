"""What a submission's process may no longer do, from before the first line of the submission is read.

Layers, each there to hold if another gives way:

- resource limits: processor time, memory, size of a file, open files, processes, no core dump;
- Landlock (Linux 5.13): reads only the interpreter, NumPy and SciPy, writes only its own folder, no network, no
  signal to others;
- seccomp (Linux, x86-64 and AArch64): only the system calls that computing needs, so no new process or thread, no
  other program, no socket, no mount, no signal, no change of rights or times;
- audit hooks of Python: what a submission tries through Python's own functions ends it, with a sentence that says so.

Nothing here needs privileges, and nothing can be undone by the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.machinery
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn

from proofs_check.grader import wire

_NO_NEW_PRIVILEGES = 38  # prctl
_DIE_WITH_PARENT = 1
_SET_SECCOMP, _SECCOMP_FILTER = 22, 2

# Landlock: system calls (the same numbers everywhere) and rights of linux/landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_DIRECTORY, _MAKE_FILE, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 8, 1 << 14
#: ABI version -> number of file rights that it knows.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_ALL_NETWORK, _ALL_SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals

#: AUDIT_ARCH of linux/audit.h and the position of the machine's numbers in :data:`SYSTEM_CALLS`.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

#: The system calls that computing, importing and files in one's folder need: numbers on x86-64 and AArch64.
SYSTEM_CALLS: dict[str, tuple[int, int]] = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "lseek": (8, 62), "close": (3, 57), "openat": (257, 56), "fstat": (5, 80),
    "newfstatat": (262, 79), "statx": (332, 291), "faccessat": (269, 48), "faccessat2": (439, 439),
    "readlinkat": (267, 78), "getdents64": (217, 61), "getcwd": (79, 17), "unlinkat": (263, 35),
    "ftruncate": (77, 46), "fsync": (74, 82), "fdatasync": (75, 83), "fadvise64": (221, 223),
    "dup": (32, 23), "dup3": (292, 24), "ppoll": (271, 73), "pselect6": (270, 72),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233),
    "mincore": (27, 232), "msync": (26, 227), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "futex": (202, 98),
    "set_robust_list": (273, 99), "set_tid_address": (218, 96), "rseq": (334, 293), "membarrier": (324, 283),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "gettimeofday": (96, 169), "times": (100, 153), "restart_syscall": (219, 128), "getrandom": (318, 278),
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "uname": (63, 160), "sysinfo": (99, 179), "getrlimit": (97, 163),
    "getrusage": (98, 165), "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
#: Older calls, of x86-64 alone.
OLD_SYSTEM_CALLS: dict[str, int] = {
    "open": 2, "stat": 4, "lstat": 6, "poll": 7, "access": 21, "select": 23, "dup2": 33, "getdents": 78, "unlink": 87,
    "readlink": 89, "arch_prctl": 158, "time": 201,
}  # fmt: skip


def limit_resources(seconds: int, memory: int, file_bytes: int) -> None:
    """Limits of the kernel on processor seconds, bytes of memory and bytes of a file; a soft limit is a hard one."""
    wanted = {
        "RLIMIT_CPU": seconds, "RLIMIT_AS": memory, "RLIMIT_FSIZE": file_bytes, "RLIMIT_NOFILE": 64,
        "RLIMIT_NPROC": 0, "RLIMIT_CORE": 0,
    }  # fmt: skip
    for name, value in wanted.items():
        _, most = resource.getrlimit(getattr(resource, name))
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(getattr(resource, name), (value, value))


def _system(libc: Any, number: int, *arguments: Any) -> int:
    """A system call by number; the negative error number if it fails."""
    found: int = libc.syscall(ctypes.c_long(number), *arguments)
    return found if found >= 0 else -ctypes.get_errno()


def landlock(libc: Any, readable: Iterable[str], listable: Iterable[str], folder: str) -> str:
    """Restrict files, network and signals to what a submission needs. Empty if the kernel has no Landlock.

    Raises:
        OSError: the kernel has it and refuses.
    """
    version = _system(libc, _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 1:
        return ""
    rights = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    fields = [rights, _ALL_NETWORK if version >= 4 else 0, _ALL_SCOPES if version >= 6 else 0]
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = struct.pack("QQQ", *fields)
    rules = _system(libc, _CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    if rules < 0:
        raise OSError(-rules, "landlock_create_ruleset")

    def allow(path: str, wanted: int) -> None:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        if not os.path.isdir(path):
            wanted &= _WRITE_FILE | _READ_FILE | _TRUNCATE
        rule = struct.pack("=Qi", wanted & rights, handle)
        failed = _system(libc, _ADD_RULE, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint(0))
        os.close(handle)
        if failed < 0:
            raise OSError(-failed, "landlock_add_rule", path)

    for path in readable:
        allow(path, _READ_FILE | _READ_DIRECTORY)
    for path in listable:
        allow(path, _READ_DIRECTORY)
    allow(folder, _READ_FILE | _READ_DIRECTORY | _WRITE_FILE | _MAKE_FILE | _TRUNCATE)
    failed = _system(libc, _RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint(0))
    os.close(rules)
    if failed < 0:
        raise OSError(-failed, "landlock_restrict_self")
    return f"Landlock {version}"


def seccomp(libc: Any) -> str:
    """Refuse every system call but those listed here, with EPERM. Empty if this machine is not known."""
    if platform.machine() not in _MACHINES:
        return ""
    architecture, column = _MACHINES[platform.machine()]
    allowed = [numbers[column] for numbers in SYSTEM_CALLS.values()]
    if column == 0:
        allowed += OLD_SYSTEM_CALLS.values()
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K
    refuse, permit = 0x00050000 | 1, 0x7FFF0000  # SECCOMP_RET_ERRNO with EPERM, SECCOMP_RET_ALLOW
    rules = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, refuse), (load, 0, 0, 0)]
    rules += [(equal, len(allowed) - i, 0, number) for i, number in enumerate(allowed)]
    rules += [(give, 0, 0, refuse), (give, 0, 0, permit)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(rules), ctypes.addressof(program)))
    failed = libc.prctl(_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_FILTER), header, ctypes.c_ulong(0), ctypes.c_ulong(0))
    return "" if failed else "seccomp"


#: Audit events that end a submission: beginning of the event -> what was tried.
ENDING = {
    "os.fork": "start a process", "os.exec": "start a program", "os.posix_spawn": "start a program",
    "os.spawn": "start a program", "os.system": "start a program", "subprocess.": "start a program",
    "pty.": "start a program", "_thread.start": "start a thread", "socket.": "use the network",
    "ctypes.": "call into the C library", "os.kill": "send a signal", "signal.": "send a signal",
    "resource.": "change its limits", "syslog.": "write to the system's log", "sys.addaudithook": "watch the grader",
    "os.putenv": "change the environment", "os.": "change files", "shutil.": "change files", "fcntl.": "change a file",
}  # fmt: skip
#: Events that are no reason to end it, although they begin like one.
HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def watch(readable: frozenset[str], folder: str, end: Callable[[str], NoReturn]) -> None:
    """Add the audit hook. What it uses is bound here, where a submission has not been yet."""
    ending, own = tuple(ENDING.items()), frozenset([folder])
    real, parent, decode = os.path.realpath, os.path.dirname, os.fsdecode
    is_a, integer, refusal = isinstance, int, PermissionError

    def inside(path: Any, roots: frozenset[str]) -> bool:
        at = real(decode(path))
        while at not in roots:
            above = parent(at)
            if above == at:
                return False
            at = above
        return True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if is_a(path, integer) or inside(path, own):
                return
            if is_a(flags, integer) and flags & _WRITING:
                end(f"tried to write outside its folder: {decode(path)[:200]!r}")
            if not inside(path, readable):
                raise refusal(f"a submission may not read {decode(path)[:200]!r}")
            return
        if event in HARMLESS:
            return
        for beginning, what in ending:
            if event.startswith(beginning):
                end(f"tried to {what} ({event})")

    sys.addaudithook(hook)


class Packages(importlib.machinery.PathFinder):
    """Finds NumPy and SciPy, wherever they are installed, and nothing that is installed beside them."""

    places: ClassVar[dict[str, str]] = {}

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        """The import system's question; other names are for the finders after this one."""
        return super().find_spec(fullname, [cls.places[fullname]], target) if fullname in cls.places else None


def confine(setup: dict[str, Any], outbox: int) -> list[str]:
    """Apply every layer that this system has.

    Args:
        setup: ``seconds``, ``memory`` and ``file_bytes``; ``readable`` and ``listable`` paths; the own ``folder``;
            ``path``, where the standard library is; ``packages``, name -> folder in which it is installed.
        outbox: where a sentence goes when the submission is ended.

    Returns:
        The layers, in words.
    """
    import numpy.linalg
    import numpy.random  # noqa: F401  (loaded while everything can still be read)

    Packages.places = setup["packages"]
    sys.path[:] = setup["path"]
    sys.meta_path.insert(0, Packages)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is for the grader, which ends this process
    limit_resources(setup["seconds"], setup["memory"], setup["file_bytes"])
    layers = ["limits"]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_DIE_WITH_PARENT, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
        libc.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), 0, 0, 0)
        layers += filter(None, [landlock(libc, setup["readable"], setup["listable"], setup["folder"]), seccomp(libc)])
    write, leave, line = os.write, os._exit, wire.message

    def end(sentence: str) -> NoReturn:
        write(outbox, line({"ended": sentence}))
        leave(1)

    watch(frozenset(setup["readable"]), setup["folder"], end)
    return [*layers, "audit hooks"]
