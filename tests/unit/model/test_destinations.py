"""Places are judged by what would be dialled; a text that two parsers could read as two places is none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from hyperv_placement.model.destinations import destination, fits, is_pattern

PERMITTED = (".corp.example", "backup.dmz.example", "10.20.0.0/16", "192.0.2.7", "2001:db8::/32")


@pytest.mark.parametrize(
    "host",
    ["hv1.corp.example", "HV1.CORP.Example", "a.b.corp.example", "backup.dmz.example", "10.20.255.1", "192.0.2.7", "2001:db8::1",
     "::ffff:10.20.0.1"],
)  # fmt: skip
def test_what_is_named_fits(host: str) -> None:
    """By exact name, suffix, address or network; case does not count."""
    assert fits(host, PERMITTED)


@pytest.mark.parametrize(
    "host",
    [
        "corp.example", "evilcorp.example", "hv1.corp.example.evil.org", "hv1.corp.example.", "hv1-corp.example", ".corp.example",
        "hv1..corp.example", "x.backup.dmz.example", "10.21.0.1", "192.0.2.8", "::ffff:10.21.0.1", "::10.20.0.1", "0x0a140001",
        "0x0a.0x14.0.1", "0x7f.1", "10.20.1", "169607169", "0012.024.0.1", "10.20.0.1.", "evil.org\\.corp.example",
        "evil.org%00.corp.example", "evil.org\x00.corp.example", "evil.org/.corp.example", "hv1.c\u043erp.example", "hv1.corp\uff0eexample",
        "hv1.\u212aorp.example", "", ".", "evil.org#.corp.example", "hv1.corp.example@evil.org", "evil@hv1.corp.example", "hv1.corp.example:1",
        "a b.corp.example", "-.corp.example", f"{'a' * 64}.corp.example",
    ],
)  # fmt: skip
def test_what_only_looks_so_does_not(host: str) -> None:
    """Neither another spelling of an address, nor a text that a resolver would read otherwise."""
    assert not fits(host, PERMITTED)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://hv1.corp.example:5986/wsman", ("hv1.corp.example", 5986)),
        ("HTTPS://HV1.corp.example", ("hv1.corp.example", None)),
        ("ldaps://dc1.corp.example:636", ("dc1.corp.example", 636)),
        ("https://[2001:db8::1]:5986/wsman", ("2001:db8::1", 5986)),
        ("https://evil.org/#hv1.corp.example", ("evil.org", None)),
        ("https://hv1.corp.example@evil.org/wsman", None),
        ("https://evil.org\\.corp.example/wsman", None),
        ("https://evil.org:5986:x.corp.example/", None),
        ("https://[::1]evil.org/", None),
        ("https://[::1].corp.example/", None),
        ("https://hv1.corp.example:/", None),
        ("https:///wsman", None),
        ("https://hv1.corp.example.:5986", None),
        ("https://hv1.corp.example:05986", None),
        ("hv1.corp.example", None),
        ("https://hv1.corp.example\t:5986", None),
        ("https://[fe80::1%eth0]:5986", None),
    ],
)
def test_a_url_leads_to_one_place_or_to_none(url: str, place: tuple[str, int | None] | None) -> None:
    """What is neither an address nor a name of DNS, and what holds more than host and port, leads nowhere."""
    assert destination(url) == place


@pytest.mark.parametrize(
    "text", ["*", "*.corp.example", ".", "", "10.20.0.1/16", "0x7f.1", "corp.example.", "a b", "10.0.0.0/33"]
)
def test_a_pattern_that_would_fit_nothing_is_none(text: str) -> None:
    """It is an error of the policy's file, rather than a rule without effect."""
    assert not is_pattern(text)


@pytest.mark.parametrize("text", [*PERMITTED, "hv1"])
def test_names_suffixes_addresses_and_networks_are_patterns(text: str) -> None:
    """A short name is one, too: what it leads to is the search list's to say, as the page says."""
    assert is_pattern(text)


@given(st.text(alphabet="aZ019.-_@:/\\#?[]%x \t\u212a\uff0e\u3002", max_size=24))
@example("[::1]evil.org:5986")
@example("a.corp.example:80:evil.org")
@example("a.corp.example\\@evil.org")
def test_what_dials_reads_the_same_place(authority: str) -> None:
    """requests goes where urllib3's parser says: a text that it would read otherwise is no place at all."""
    place = destination(f"http://{authority}")
    if place is not None:
        dialled = parse_url(f"http://{authority}")
        assert (dialled.host or "").strip("[]").lower() == place[0]
        assert dialled.port == place[1]
