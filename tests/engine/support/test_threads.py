"""Threads of ours, and Ctrl-C while somebody waits for them."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from snapshots.engine.support import threads


def test_a_thread_is_alive_until_it_ends():
    go = threading.Event()
    thread = threads.start("test", go.wait)
    thread.join(0.01)
    assert thread.is_alive()
    go.set()
    thread.join()
    assert not thread.is_alive()


def test_an_interrupted_wait_makes_no_thread_look_ended():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    go = threading.Event()
    thread = threads.start("test", go.wait)
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(KeyboardInterrupt):
            thread.join(60)
        assert thread.is_alive()
    finally:
        signal.signal(signal.SIGUSR1, before)
        go.set()
    thread.join(60)
    assert not thread.is_alive()


SIGNALLED = """
import random, signal, threading, time
from snapshots.engine.support import threads

until = time.process_time() + 1
while time.process_time() < until:
    stop = threading.Event()
    signal.signal(signal.SIGALRM, lambda *_: stop.set())
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-4))
    while not stop.is_set():
        threads.pause(5e-5, stop)
print("never stuck")
"""


def test_a_signal_at_any_moment_ends_a_pause():
    """Thousands of them, in the middle of everything that waiting does."""
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.stdout, done.returncode) == ("never stuck\n", 0), done.stderr
