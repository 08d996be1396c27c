"""The processes that the language host starts: programs, policy packs, component plugins. None outlives its purpose."""

import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

Line = tuple[str, bytes]
Ended = Callable[[Callable[[], None]], bool]


class Children:
    """Starts processes and stops them: each when its call ends, all of them when the host does."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[bytes], signal.Signals] = {}

    def run(self, command: Sequence[str], environment: Mapping[str, str], ended: Ended) -> int:
        """Runs a program whose output goes where the host's own goes, to the engine's log; gives its exit code."""
        with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
            self._watch(process, signal.SIGINT, ended)
            code = process.wait()
        del self._running[process]
        return code

    def stream(self, command: Sequence[str], directory: str, environment: Mapping[str, str], ended: Ended) -> Iterator[Line | int]:
        """Runs a plugin; yields what it says as ("stdout" or "stderr", bytes) and, last, its exit code."""
        pipe = subprocess.PIPE
        lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        with subprocess.Popen(
            command, cwd=directory or None, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
        ) as process:
            self._watch(process, signal.SIGTERM, ended)
            for name, source in (("stdout", process.stdout), ("stderr", process.stderr)):
                threading.Thread(target=_pump, args=(name, source, lines), daemon=True).start()
            for _ in range(2):
                while line := lines.get():
                    yield line
            code = process.wait()
        del self._running[process]
        yield code

    def stop(self) -> None:
        """Asks every process to end: a program as Ctrl-C does, so that its `finally` runs; a plugin without its complaint."""
        for process, stop in list(self._running.items()):
            _send(process, stop)

    def close(self) -> None:
        """Stops every process, for good after two seconds: the engine gives the host five."""
        running = list(self._running)
        self.stop()
        for process in running:
            try:
                process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                process.kill()

    def _watch(self, process: subprocess.Popen[bytes], stop: signal.Signals, ended: Ended) -> None:
        self._running[process] = stop
        # The callback is refused when the call is over already: then nobody waits for the process any more.
        if not ended(lambda: _send(process, stop)):
            _send(process, stop)


def _send(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)


def _pump(name: str, source: IO[bytes], lines: "queue.SimpleQueue[Line | None]") -> None:
    for line in source:
        lines.put((name, line))
    lines.put(None)
