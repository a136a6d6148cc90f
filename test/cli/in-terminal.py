"""Runs a program in a terminal of its own: our input is what is typed there, our output what it shows. SIGUSR1 makes the terminal 60 columns wide."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


program, terminal = pty.fork()
if program == 0:
    # Until the terminal has its size.
    sys.stdin.readline()
    os.execvp(sys.argv[1], sys.argv[1:])

resize(120, 30)
signal.signal(signal.SIGUSR1, lambda *_: resize(60, 20))
signal.signal(signal.SIGTERM, lambda *_: os.kill(program, signal.SIGTERM))
os.write(terminal, b"\n")

inputs = [terminal, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if terminal in ready:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            os.write(terminal, typed)
        else:
            inputs.remove(0)

_, status = os.waitpid(program, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
