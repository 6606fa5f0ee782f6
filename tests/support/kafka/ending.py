"""When the command is to end: SIGTERM, SIGINT, or the other end of its stdin is closed."""

import os
import select
import signal
import stat
import sys
import time

from errors import Asked


class Ending:
    """Is asked by all waits, so that nothing else is ever interrupted half way.

    A stdin that is no pipe, such as /dev/null or a terminal, is left alone.
    """

    def __init__(self):
        self._signalled, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writing)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)  # The byte in the pipe is enough.
        self._watched = [self._signalled]
        kind = os.fstat(sys.stdin.fileno()).st_mode
        if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
            self._watched.append(sys.stdin.fileno())

    def wait(self, seconds):
        """Lets the time pass; raises Asked as soon as the end is wanted."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._look([], left)

    def wait_for(self, source):
        """Returns when the source can be read; raises Asked as soon as the end is wanted."""
        while not self._look([source], None):
            pass

    def _look(self, sources, seconds):
        readable = select.select([*self._watched, *sources], [], [], seconds)[0]
        if self._signalled in readable:
            raise Asked()
        # What is written to stdin means nothing, only its end does.
        if any(fd in readable and not os.read(fd, 4096) for fd in self._watched):
            raise Asked()
        return any(source in readable for source in sources)
