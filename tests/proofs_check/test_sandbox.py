"""Hostile submissions: each ends in a clear zero for its part, and leaves everything as it was."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from proofs_check.course import Broken, Check, Submission
from proofs_check.grader import sandbox
from proofs_check.grader.judge import mark
from proofs_check.grader.source import Source
from theory.errors import InvalidInput

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: Submission in hostile/ -> the sentence that its author reads. Their ``attack()`` should return 42.
SENTENCES = {
    "abort": "ended by SIG",
    "append_outside": "tried to write outside its folder",
    "atexit_loop": "attack returns 42",
    "big_file": "File too large|files or",
    "change_rights": r"tried to change files \(os.chmod\)",
    "checker_import": "proofs_check.grader.judge cannot be imported here; allowed are .*numpy",
    "closed_pipe": "closed its connection",
    "crash": "RecursionError|MemoryError|ended by SIG",
    "daemon": r"tried to start a process \(os.fork\)",
    "deaf": "took more than 1 s",
    "deep_folders": "tried to change files",
    "digits_reply": "no reply",
    "endless_loop": "took more than 1 s",
    "exit_at_import": "called exit",
    "forged_reply": "wrote a reply of its own",
    "fork_bomb": "tried to start a process",
    "fork_bomb_at_import": "tried to start a process",
    "garbage_reply": "no reply",
    "hard_exit": r"ended its process in the middle \(exit code 0\)",
    "immutable_file": r"tried to change a file \(fcntl.ioctl\)",
    "interrupt": "KeyboardInterrupt",
    "kill_everyone": "tried to send a signal",
    "kill_grader": r"tried to send a signal \(os.kill\)",
    "long_error": "ValueError: x{500,}",
    "looping_message": "took more than 1 s",
    "lying_error": "Liar",
    "many_files": "wrote more than 50 files",
    "memory_hog": "MemoryError",
    "memory_mapped": "MemoryError",
    "native_code": "tried to call into the C library",
    "nested_reply": "no reply",
    "network": "tried to use the network",
    "odd_import": "line 5: ctypes cannot be imported here; allowed are",
    "odd_replies": "wrote a reply of its own",
    "own_audit_hook": "tried to watch the grader",
    "own_limits": "tried to change its limits",
    "painted_error": r"ValueError: \\x1b\[2J",
    "patched_worker": "wrote a reply of its own",
    "polite_exit": "called exit",
    "print_gigabyte": "printed more than 1,048,576 bytes",
    "program": "tried to start a program",
    "quick_files": "wrote more than 50 files",
    "read_grader": "may not read",
    "read_solution": "may not read",
    "recursion": "line 5, in attack: RecursionError",
    "remove_outside": "tried to change files",
    "rename_outside": "tried to change files",
    "shell": "tried to start a program",
    "signal_by_pipe": r"tried to change a file \(fcntl.fcntl\)",
    "sleeper": "took more than 1 s",
    "slow_arithmetic": "took more than 1 s|MemoryError",
    "subprocess_import": "tried to start a program",
    "swallowed_fork": "tried to start a process",
    "symlink": "tried to change files",
    "thread": "tried to start a thread|can't start new thread",
    "write_descriptors": "printed more|no reply|answered with more than",
    "write_home": "tried to write outside its folder",
    "write_outside": "tried to write outside its folder",
}


def test_every_hostile_submission_is_tried():
    assert {path.stem for path in (HERE / "hostile").glob("*.py")} == set(SENTENCES)


def attacked(submission: Submission, seed: int) -> None:
    """The check that the hostile submissions are held against."""
    answer = submission.call("attack")
    if answer != 42 or submission.call("attack") != 42:
        raise Broken("attack returns 42", expected=42, found=answer)


CHECK = Check("attack", "an attack", 3, "Behave.", attacked, seconds=30.0)


class Machine:
    """A folder that nobody may change, the folder for temporary files, and what runs and is open."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.outside, self.temporary = tmp_path / "outside", tmp_path / "temporary"
        self.outside.mkdir()
        self.temporary.mkdir()
        (self.outside / "kept").write_text("untouched")
        monkeypatch.setattr("tempfile.tempdir", str(self.temporary))
        self.before = self.state()

    def state(self) -> object:
        """Everything that must be the same afterwards."""
        files = [(p.name, p.stat(), p.read_text()) for p in sorted(self.outside.iterdir())]
        kept = [(name, (s.st_mode, s.st_size, s.st_mtime_ns, s.st_ctime_ns), text) for name, s, text in files]
        open_files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        return kept, os.listdir(self.temporary), self.processes(), open_files, threading.active_count()

    def processes(self) -> list[str]:
        """Processes at work in a folder for temporary files; it need not be there any more."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                at = os.readlink(process / "cwd")
            except OSError:
                continue
            if at.startswith(str(self.temporary)):
                found.append(f"{process.name} in {at}")
        return found


@pytest.fixture
def machine(tmp_path, monkeypatch):
    found = Machine(tmp_path, monkeypatch)
    yield found
    assert found.state() == found.before


def hostile(name: str, machine: Machine) -> Source:
    text = (HERE / "hostile" / f"{name}.py").read_text(encoding="utf-8")
    unique = f"regretlab-{os.getpid()}-{name}"
    for mark_, value in (("@OUTSIDE@", machine.outside), ("@ROOT@", ROOT), ("@NAME@", unique)):
        text = text.replace(mark_, str(value))
    return Source(f"{name}.py", text)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_hostile_submission_gets_a_clear_zero_and_changes_nothing(name, machine):
    seconds = 1.0 if "took more than 1 s" in SENTENCES[name] else CHECK.seconds
    found, _ = mark(replace(CHECK, seconds=seconds), hostile(name, machine), 0)
    assert found.score == 0 and not found.passed
    assert re.search(SENTENCES[name], found.statement), found
    assert found.crash == ""
    text = "\n".join(found.lines())
    assert len(text) < 10_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]", text)
    assert not list(Path("/tmp").glob(f"regretlab-{os.getpid()}-*"))


#: An act -> Python for it. ``outside`` is a file in a folder that was not opened, ``folder`` the own one.
ACTS = {
    "fork": "os._exit(0) if os.fork() == 0 else None",
    "program": "os.execv('/bin/true', ['true'])",
    "thread": "threading.Thread(target=int).start()",
    "socket": "socket.socket()",
    "connect": "socket.create_connection(('127.0.0.1', 9), 1)",
    "signal": "os.kill(os.getppid(), 0)",
    "rights": "os.chmod(outside, 0o777)",
    "times": "os.utime(outside, (0, 0))",
    "read": "open(outside).read()",
    "write": "open(outside, 'a')",
    "remove": "os.remove(outside)",
    "folder": "os.mkdir(folder + '/below')",
    "link": "os.symlink(outside, folder + '/link')",
    "limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))",
    "trace": "libc.ptrace(16, os.getppid(), 0, 0) and fail()",
    "mount": "libc.mount(b'none', folder.encode(), b'tmpfs', 0, None) and fail()",
    "flags": "fcntl.ioctl(os.open(folder, os.O_RDONLY), 0x80086601, bytes(8))",
    "owner": "fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "memory of others": "open(f'/proc/{os.getppid()}/mem', 'rb')",
    "own file": "open(folder + '/mine', 'w').write('x')",
    "import": "importlib.import_module('fractions')",
}
CONFINED = """
import ctypes, fcntl, importlib, os, resource, socket, sys, threading
from proofs_check.grader import confine, sandbox
outside, folder = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
def fail():
    raise OSError(ctypes.get_errno(), "refused")
def end(sentence):
    raise PermissionError(1, sentence)
places = sandbox._places()
{layer}
for name, act in {acts!r}.items():
    try:
        exec(act)
        print(name + ": done")
    except (OSError, RuntimeError, ValueError) as error:
        print(name + ": " + repr(error))
"""
LAYERS = {
    "seccomp": ("assert confine.seccomp(libc)", {"read", "write", "remove", "memory of others", "own file", "import"}),
    "Landlock": (
        "assert confine.landlock(libc, places['readable'], places['listable'], folder)",
        {"fork", "thread", "socket", "rights", "times", "limits", "flags", "owner", "own file", "import"},
    ),
    "audit hooks": (
        "confine.watch(frozenset(places['readable']), folder, end)",
        {"thread", "own file", "import"},
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="layers of Linux")
@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_holds_alone(layer, tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.write_text("kept")
    folder.mkdir()
    begin, allowed = LAYERS[layer]
    program = CONFINED.format(layer=begin, acts=ACTS)
    run = subprocess.run([sys.executable, "-c", program, outside, folder], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    told = dict(line.split(": ", 1) for line in run.stdout.splitlines())
    assert told.keys() == ACTS.keys()
    assert {act for act, outcome in told.items() if outcome == "done"} == allowed, told


SURROUNDINGS = """
import typing

os, sys = typing.sys.modules["os"], typing.sys


def seen():
    return {"environment": dict(os.environ), "folder": os.listdir(), "at": os.getcwd(), "rest": sys.stdin.read()}


def note():
    with open("mine", "w") as out:
        out.write("kept for a moment")
    with open("mine") as text:
        return text.read()
"""


def test_a_submission_starts_with_nothing_and_may_use_its_folder(machine):
    seen = []

    def look(submission: Submission, seed: int) -> None:
        seen.append(submission.call("seen"))
        seen.append(submission.call("note"))

    found, layers = mark(Check("look", "a look", 1, "", look), Source("look.py", SURROUNDINGS), 0)
    assert found.passed, found
    assert set(seen[0]["environment"]) <= {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "LC_CTYPE"}
    assert seen[0]["folder"] == [] and seen[0]["rest"] == "" and seen[0]["at"].startswith(str(machine.temporary))
    assert seen[1] == "kept for a moment"
    assert {"limits", "audit hooks"} <= set(layers)


def test_the_reference_values_are_not_in_the_process(machine):
    """Whatever a submission looks through, it finds the question and not the answer."""
    secret = 123456.789
    text = """
import typing

gc = typing.sys.modules["importlib"].import_module("gc")


def attack(question):
    frame, found = typing.sys._getframe(), []
    while frame is not None:
        found += [v for v in frame.f_locals.values() if isinstance(v, float)]
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, (list, tuple)):
            found += [v for v in thing if isinstance(v, float)]
        elif isinstance(thing, dict):
            found += [v for v in thing.values() if isinstance(v, float)]
    return sorted(v for v in found if v > 100000.0 and v == v and v < 1e300)
"""
    given = []
    check = Check("s", "s", 1, "", lambda submission, seed: given.extend(submission.call("attack", secret / 2 + 1e5)))
    assert mark(check, Source("look.py", text), 0)[0].passed
    assert secret / 2 + 1e5 in given and secret not in given


def test_a_process_that_does_not_start_is_no_fault_of_the_submission(machine, monkeypatch):
    monkeypatch.setattr(sandbox, "_BOOT", "print('no such library'); raise SystemExit(3)")
    with pytest.raises(InvalidInput, match=r"no process for submissions starts here.*exit code 3.*no such library"):
        mark(CHECK, Source("x.py", ""), 0)


def test_a_machine_without_room_is_no_fault_of_the_submission(machine, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr("tempfile.tempdir", str(machine.outside / "nowhere"))
        with pytest.raises(InvalidInput, match=r"no process for submissions starts here.*No such file"):
            mark(CHECK, Source("x.py", ""), 0)
    with monkeypatch.context() as context:
        context.setattr(sys, "executable", str(machine.outside / "no-python"))
        with pytest.raises(InvalidInput, match=r"no process for submissions starts here.*no-python"):
            mark(CHECK, Source("x.py", ""), 0)


def test_an_interrupted_grading_leaves_nothing(machine):
    def interrupted(submission: Submission, seed: int) -> None:
        submission.call("note")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mark(Check("i", "i", 1, "", interrupted), Source("look.py", SURROUNDINGS), 0)


def test_numpy_and_scipy_work_in_there(machine):
    text = """
import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.special


def attack():
    found = scipy.optimize.linprog([1.0, 2.0], A_ub=[[-1.0, -1.0]], b_ub=[-42.0]).fun
    matrix = np.random.default_rng(0).normal(size=(200, 200))
    product = matrix @ np.linalg.inv(matrix) - scipy.linalg.expm(np.zeros((200, 200)))
    return round(found + abs(product).max() + scipy.special.gammaln(1.0), 6)
"""
    assert mark(CHECK, Source("right.py", text), 0)[0].passed
