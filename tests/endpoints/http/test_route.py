"""Through which proxy a server is reached: forms of proxies, and of hosts that need none."""

import pytest

from snapshots.errors import UsageError
from snapshots.route import Proxy, Route


@pytest.fixture
def variables(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch.setenv


@pytest.mark.parametrize(
    ("listed", "url", "direct"),
    [
        ("example.org:443", "https://example.org/", True),
        ("example.org:443", "https://a.example.org/", True),
        ("example.org:80", "https://example.org/", False),
        ("example.org:80", "http://example.org/", True),
        ("example.org:8443", "https://example.org:8443/", True),
        ("[::1]:8080", "https://[::1]:8080/", True),
        ("[::1]:8081", "https://[::1]:8080/", False),
        ("[::1]", "https://[::1]:8080/", True),
        ("::1", "https://[::1]/", True),
        ("fe80::/10", "https://[fe80::1]/", True),
        ("10.0.0.0/8", "https://10.9.8.7/", True),
        ("10.0.0.0/33", "https://10.0.0.1/", False),
        ("a, *", "https://example.org/", True),
        ("*.example.org", "https://a.example.org/", True),
        ("EXAMPLE.org.", "https://example.ORG./", True),
        (" ,, example.org ", "https://example.org/", True),
        ("https://example.org", "https://example.org/", False),
    ],
)
def test_hosts_that_need_no_proxy(variables, listed, url, direct):
    variables("ALL_PROXY", "http://proxy:3128")
    variables("NO_PROXY", listed)
    assert (Route().proxy_for(url) is None) == direct


def test_a_name_of_another_alphabet_is_asked_for_as_the_resolver_does_it():
    assert Proxy("http://pröxy:3128").display == "http://xn--prxy-6qa:3128"


@pytest.mark.parametrize(
    "url", ["http://my proxy:1", "http://a..b:1", f"http://{'x' * 64}:1", "::1", "//proxy:1"]
)
def test_what_is_no_address_of_a_proxy(url):
    with pytest.raises(UsageError, match="not valid"):
        Proxy(url)
