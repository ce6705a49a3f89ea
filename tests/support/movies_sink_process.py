"""The movies sink as a process, and what it has counted."""

import re
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]


class Movies:
    def __init__(self, url):
        self.url = url

    def count(self, status):
        """Answers to POST so far of that status."""
        place = urlsplit(self.url)
        with urllib.request.urlopen(f"{place.scheme}://{place.netloc}/metrics") as answer:
            text = answer.read().decode()
        found = re.search(rf'sink_post_total{{status="{status}"}} (\d+)', text)
        return int(found[1]) if found else 0


@contextmanager
def movies_sink(*arguments):
    """Runs it on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.movies_sink", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Movies(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
