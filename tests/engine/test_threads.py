"""Threads of ours, and Ctrl-C while somebody waits for them."""

import os
import signal
import threading

import pytest

from snapshots.engine import threads


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
