"""Becomes another program that is handed open sockets, as sd_listen_fds(3) has it.

    activate.py DESCRIPTOR,… NAME:… PROGRAM ARGUMENT…

The sockets are moved to 3, 4, …; LISTEN_PID is this process, which the program takes the place of.
"""

import fcntl
import os
import sys

FIRST = 3      # SD_LISTEN_FDS_START.
OUT_OF_THE_WAY = 200


def main():
    descriptors = [int(number) for number in sys.argv[1].split(",") if number]
    above = [fcntl.fcntl(number, fcntl.F_DUPFD, OUT_OF_THE_WAY) for number in descriptors]
    for number in descriptors:
        os.close(number)
    for i, number in enumerate(above):
        os.dup2(number, FIRST + i)
        os.close(number)
    environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(above)),
                       LISTEN_FDNAMES=sys.argv[2])
    os.execvpe(sys.argv[3], sys.argv[3:], environment)


if __name__ == "__main__":
    main()
