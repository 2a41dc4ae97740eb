"""A submission in a process of its own: started, asked, watched, ended, and nothing of it left.

The process is confined by :mod:`proofs_check.grader.confine`; this end holds the clock, counts what is printed and
what lies in the working folder, and takes nothing from the other end but short lines of JSON.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import scipy

from proofs_check.grader import wire
from proofs_check.grader.source import Source
from theory.errors import InvalidInput

MEMORY_BYTES = 2**30
FILE_BYTES = 2**20  # of one file
FOLDER_FILES, FOLDER_BYTES = 50, 2**23
PRINTED_BYTES = 2**20
#: Of what was printed, so much is kept for its author.
SHOWN_BYTES = 4000
#: Seconds for a fresh interpreter to come up; its time is not the submission's.
START_SECONDS = 60.0
#: Seconds between two looks at the working folder while the submission computes.
LOOK_SECONDS = 0.05
#: Messages without an answer that may wait until an answer is asked for.
WAITING = 500

_UNSTARTED = "no process for submissions starts here"
_FORGED = "wrote a reply of its own to the grader"
_BOOT = "import sys; sys.path[:] = sys.argv[3:]; from proofs_check.grader.worker import main; main()"
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Stopped(Exception):
    """The submission can answer no more: an error in it, a limit, or an answer of the wrong kind.

    Attributes:
        reason: a sentence about the submission. hint: what its author might look for.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@functools.cache
def _places() -> dict[str, Any]:
    """What the process may read and list, and from where it imports: the interpreter, NumPy and SciPy, nothing else.

    The folder of the standard library may hold installed packages, and those this project with its solutions. So it
    is opened entry by entry.
    """
    libraries = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    readable = {e for folder in libraries for e in folder.iterdir() if e.name not in ("site-packages", "dist-packages")}
    packages = [Path(str(module.__file__)).resolve().parent for module in (np, scipy)]
    for package in packages:
        readable |= {package, package.with_name(f"{package.name}.libs")}
    system = {folder.parent for folder in libraries} | {Path("/lib64"), Path("/usr/lib64")}
    readable |= {library for folder in system for library in folder.glob("*.so*")}
    multiarch = sysconfig.get_config_var("MULTIARCH")
    readable |= {Path(root, multiarch) for root in ("/lib", "/usr/lib") if multiarch}
    modules = [folder for library in libraries for folder in (library, library / "lib-dynload") if folder.is_dir()]
    return {
        "readable": sorted({str(path.resolve()) for path in readable if path.exists()}),
        "listable": sorted(map(str, libraries)),
        "path": sorted(map(str, modules)),
        "packages": {package.name: str(package.parent) for package in packages},
    }


class Sandbox:
    """A running submission; a :class:`proofs_check.course.Submission`."""

    def __init__(self, source: Source, seconds: float, folder: Path) -> None:
        self.source, self.folder, self.seconds, self.left = source, folder, seconds, seconds
        self.stopped: Stopped | None = None
        self.layers: list[str] = []
        self.last: tuple[str, Any] | None = None  # (what was asked, what was answered)
        self._printed, self._n_printed = bytearray(), 0
        self._buffer = bytearray()
        self._steps: list[Any] = []
        self._asked = 0
        self._next_look = 0.0
        inbox, self._requests = os.pipe()
        self._replies, outbox = os.pipe()
        places = _places()
        path = [*places["path"], *places["packages"].values(), str(Path(__file__).resolve().parents[2])]
        command = [sys.executable, "-I", "-S", "-B", "-u", "-c", _BOOT, str(inbox), str(outbox), *path]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder,
                env=dict.fromkeys(_THREADS, "1"), pass_fds=(inbox, outbox), start_new_session=True, bufsize=0,
            )  # fmt: skip
        except OSError:
            os.close(self._requests)
            os.close(self._replies)
            raise
        finally:
            os.close(inbox)
            os.close(outbox)
        assert self.process.stdout is not None
        self._output = self.process.stdout.fileno()
        for handle in (self._requests, self._replies, self._output):
            os.set_blocking(handle, False)
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)
        self._poll.register(self._output, select.POLLIN)

    def confine(self) -> None:
        """Wait until the process has confined itself.

        Raises:
            InvalidInput: it cannot, which is no fault of the submission.
        """
        setup = {
            **_places(), "folder": str(self.folder), "file": self.source.file, "seconds": int(self.seconds) + 60,
            "memory": MEMORY_BYTES, "file_bytes": FILE_BYTES,
        }  # fmt: skip
        try:
            answered, _ = self._exchange(wire.message(setup), START_SECONDS)
            self.layers = [str(layer) for layer in answered["layers"]]
        except (Stopped, KeyError) as error:
            with contextlib.suppress(BlockingIOError):
                self._read_output()
            raise InvalidInput(f"{_UNSTARTED}: {error}; {self.printed[-500:]}") from error

    # ---- what a check asks

    def load(self) -> None:
        """Run the submitted file."""
        self._ask("load", self.source.file, self.source.text)

    def call(self, function: str, *arguments: Any) -> Any:
        """See :class:`proofs_check.course.Submission`."""
        return self._ask("call", function, *arguments)

    def start(self, algorithm: str, problem: Mapping[str, Any], **params: Any) -> Started:
        """See :class:`proofs_check.course.Submission`."""
        return Started(self, self._ask("start", algorithm, dict(problem), params))

    def finish(self) -> None:
        """Wait for what was told and not yet done, and look at what is left behind."""
        if self.stopped is None:
            if self._steps:
                self._ask("nothing")
            self._look()

    # ---- the pipe

    def tell(self, verb: str, *arguments: Any) -> None:
        """Send something that has no answer, at the latest together with the next question."""
        self._steps.append([verb, *map(wire.encode, arguments)])
        if len(self._steps) >= WAITING and self.stopped is None:
            self._ask("nothing")

    def _ask(self, verb: str, *arguments: Any) -> Any:
        if self.stopped is not None:
            raise self.stopped
        self._asked += 1
        steps = [*self._steps, [verb, *map(wire.encode, arguments)]]
        self._steps = []
        began = time.monotonic()
        reply, rest = self._exchange(wire.message({"id": self._asked, "steps": steps}), self.left)
        self.left -= time.monotonic() - began
        if rest or reply.get("id") != self._asked:
            self._stop(_FORGED)
        if isinstance(reply.get("fault"), dict):
            self._fault(reply)
        try:
            value = wire.decode(reply.get("value"))
        except wire.Malformed as error:
            self._stop(f"answered with {error}")
        if verb in ("call", "do", "read"):
            self.last = (arguments[0 if verb == "call" else 1], value)
        return value

    def _stop(self, reason: str, hint: str = "") -> NoReturn:
        self.stopped = Stopped(reason, hint)
        raise self.stopped

    def _exchange(self, line: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Write a line, wait for one; (what it holds, what came after it)."""
        deadline = time.monotonic() + seconds
        rest = memoryview(line)
        self._poll.register(self._requests, select.POLLOUT)
        while True:
            now = time.monotonic()
            if now > deadline:
                self._stop(f"took more than {self.seconds:g} s", "an endless loop?")
            if now > self._next_look:
                self._look()
                self._next_look = now + LOOK_SECONDS
            for handle, _ in self._poll.poll(1000 * min(max(deadline - now, 0.0), LOOK_SECONDS) + 1):
                if handle == self._requests:
                    rest = self._write(rest)
                elif handle == self._output:
                    self._read_output()
                elif self._read_replies():
                    at = self._buffer.index(b"\n") + 1
                    whole, after = bytes(self._buffer[:at]), bytes(self._buffer[at:])
                    self._buffer.clear()
                    return self._content(whole), after

    def _write(self, rest: memoryview) -> memoryview:
        try:
            rest = rest[os.write(self._requests, rest) :]
        except BlockingIOError:
            return rest
        except BrokenPipeError:
            rest = rest[len(rest) :]  # how it ended shows at the other pipe
        if not rest:
            self._poll.unregister(self._requests)
        return rest

    def _read_output(self) -> bool:
        """Take what is there; whether there may be more."""
        chunk = os.read(self._output, 65536)
        if not chunk:
            with contextlib.suppress(KeyError):
                self._poll.unregister(self._output)
        self._n_printed += len(chunk)
        self._printed += chunk[: SHOWN_BYTES - len(self._printed)]
        if self._n_printed > PRINTED_BYTES:
            self._stop(f"printed more than {PRINTED_BYTES:,} bytes", "print less, or nothing")
        return bool(chunk)

    def _read_replies(self) -> bool:
        """Take what is there; whether there is a whole line."""
        chunk = os.read(self._replies, 65536)
        if not chunk:
            self._stop(*self._ending())
        self._buffer += chunk
        if len(self._buffer) > wire.MESSAGE_BYTES:
            self._stop(f"answered with more than {wire.MESSAGE_BYTES:,} bytes")
        return b"\n" in chunk

    def _content(self, line: bytes) -> dict[str, Any]:
        try:
            found = wire.content(line)
        except wire.Malformed:
            self._stop("wrote something to the grader that is no reply")
        if "ended" in found:
            self._stop(str(found["ended"])[:500], "an exercise needs none of this")
        return found

    def _look(self) -> None:
        """Stop a submission that fills its folder."""
        n, size = 0, 0
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                n, size = n + 1, size + entry.stat(follow_symlinks=False).st_size
                if n > FOLDER_FILES or size > FOLDER_BYTES:
                    self._stop(f"wrote more than {FOLDER_FILES} files or {FOLDER_BYTES:,} bytes")

    def _ending(self) -> tuple[str, str]:
        """How the process ended, in words."""
        try:
            code = self.process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "closed its connection to the grader", ""
        if code >= 0:
            return f"ended its process in the middle (exit code {code})", "no exit() in the file?"
        name = signal.Signals(-code).name
        hints = {"SIGSEGV": "recursion without end?", "SIGXCPU": "an endless loop?", "SIGKILL": "too much memory?"}
        return f"its process was ended by {name}", hints.get(name, "")

    def _fault(self, reply: Mapping[str, Any]) -> NoReturn:
        """Stop for an error in the submission's code."""
        kind, text, line, function = (reply["fault"].get(key) for key in ("kind", "text", "line", "function"))
        if not isinstance(kind, str) or not isinstance(text, str):
            self._stop(_FORGED)
        place = self.source.place(line) if isinstance(line, int) and not isinstance(line, bool) else ""
        if kind == "NotImplementedError":
            self._stop(f"not written yet ({place})" if place else "not written yet")
        if kind == "Missing":
            self._stop(f"{self.source.file} has no function or class {text}", "keep the names of the file with gaps")
        if kind == "Unsendable":
            self._stop(f"{reply.get('asked')} returned {text}")
        if kind == "Forbidden":
            self._stop(f"{place}: {text}", "an exercise needs NumPy at most")
        if kind == "SystemExit":
            self._stop(f"{place}: called exit", "a submission is imported and called; it has nothing to exit from")
        within = f", in {function}" if isinstance(function, str) and function not in ("", "<module>") else ""
        hint = f"a submission has {MEMORY_BYTES // 2**20} MB" if kind == "MemoryError" else ""
        self._stop(
            f"{self.source.file}{', ' if place else ''}{place}{within}: {kind}{': ' if text else ''}{text}", hint
        )

    @property
    def printed(self) -> str:
        """The beginning of what the submission has printed."""
        text = bytes(self._printed).decode("utf-8", "replace")
        return text + (" [...]" if self._n_printed > SHOWN_BYTES else "")

    def close(self) -> None:
        """End the process and everything in its session, and read what it still had printed."""
        for end in (lambda: os.killpg(self.process.pid, signal.SIGKILL), self.process.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end()
        self.process.wait()
        with contextlib.suppress(Stopped, BlockingIOError):
            while self._n_printed <= PRINTED_BYTES and self._read_output():
                pass
        os.close(self._requests)
        os.close(self._replies)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Started:
    """An algorithm of a submission in the middle of a run; a :class:`proofs_check.course.Agent`."""

    def __init__(self, sandbox: Sandbox, number: int) -> None:
        self._sandbox, self._number = sandbox, number

    def act(self, *arguments: Any) -> Any:
        """See :class:`proofs_check.course.Agent`."""
        return self.do("act", *arguments)

    def observe(self, *arguments: Any) -> None:
        """See :class:`proofs_check.course.Agent`. Sent with the next question: a round costs one way there and back."""
        self._sandbox.tell("do", self._number, "observe", *arguments)

    def do(self, function: str, *arguments: Any) -> Any:
        """See :class:`proofs_check.course.Agent`."""
        return self._sandbox._ask("do", self._number, function, *arguments)

    def read(self, name: str) -> Any:
        """See :class:`proofs_check.course.Agent`."""
        return self._sandbox._ask("read", self._number, name)


@contextlib.contextmanager
def sandboxed(source: Source, seconds: float) -> Iterator[Sandbox]:
    """A fresh process for a submission, with an empty folder; both are gone afterwards.

    Raises:
        InvalidInput: this system has no processes of this kind, or they do not start.
    """
    if os.name != "posix":
        raise InvalidInput(f"submissions are graded on Linux and macOS; this is {os.name}")
    with contextlib.ExitStack() as stack:
        try:
            folder = Path(tempfile.mkdtemp(prefix="regretlab-grade-")).resolve()
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            sandbox = Sandbox(source, seconds, folder)
        except OSError as error:
            raise InvalidInput(f"{_UNSTARTED}: {error}") from error
        stack.callback(sandbox.close)
        sandbox.confine()
        yield sandbox
