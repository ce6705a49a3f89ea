"""Names that no host can have are said to be none, wherever a host is named."""

import pytest

from snapshots.hosts import literal, no_name
from tests.support.command import snapshots

LONG = "a" * 300


@pytest.mark.parametrize(
    "host",
    ["example.org", "example.org.", "a_b", "x" * 63, "münchen.de", "::1", "[::1]", "127.1"],
)  # fmt: skip
def test_names(host):
    assert no_name(host) is None


@pytest.mark.parametrize(
    "host",
    [LONG, f"{LONG}.org", "x" * 64, "a..b", ".a", ".", "", "ü" * 63, "a." * 130 + "org", "a\0b"],
)  # fmt: skip
def test_none(host):
    assert no_name(host)


def test_addresses_in_place_of_names():
    for text in ("127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.0.0.1."):
        assert str(literal(text)) == "127.0.0.1", text
    assert str(literal("[fe80::1%eth0]")) == "fe80::1"
    for text in ("example.org", "localhost", "1.2.3.4.5", "0x", "", "1.2.3.256", "a.1"):
        assert literal(text) is None, text


def test_every_place_of_a_host_says_a_sentence(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    assert snapshots("token", "ana", "--tokens", "t", cwd=tmp_path).returncode == 0
    for words in (
        ("import", f"http://{LONG}.example/a.csv"), ("import", f"https://{LONG}/a.csv"),
        ("list", f"http://{LONG}.example/a.csv"), ("send", "a.csv", "--to", f"http://{LONG}/x"),
        ("import", "a.csv", "--database", f"{LONG}:5432"), ("list", "--database",
        f"mysql://{LONG}/d"),
        ("import", "a.csv", "--database", f"postgresql://{LONG}/d"),
        ("import", "a.csv", "--pushgateway", f"http://{LONG}:9091"),
        ("import", "a.csv", "--metrics-port", 0, "--metrics-address", LONG),
        ("serve", "--host", LONG, "--port", 0, "--tokens", "t"), ("send", "SELECT 1", "--from",
        f"postgresql://{LONG}/d",
                                                 "--to", "http://h/"),
    ):  # fmt: skip
        done = snapshots(*words, cwd=tmp_path)
        said = done.stdout + done.stderr
        assert done.returncode != 0, words
        assert "63 letters" in said or "--pushgateway needs a URL" in said, words
        assert "UnicodeError" not in said
        assert "codec" not in said
