"""What operators permit, as a value: of several policies every one has to permit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.directory import DirectorySpec
from hyperv_placement.model.names import HostName
from hyperv_placement.model.policy import ENVIRONMENT, LOCAL, UNRESTRICTED, Files, Policy, PolicyFile
from hyperv_placement.model.stack import Connection, HostSpec

BANK = PolicyFile(
    path="/etc/hyperv-placement/policy.yaml",
    lines={"hosts": 2, "auth": 4, "ca": 5, "domains": 6, "credentials": 7},
    hosts=(".corp.example",),
    auth=frozenset({"kerberos", "ntlm"}),
    authorities=frozenset({"aa"}),
    domains=frozenset({"BANK", "bank.example"}),
    credentials=("/etc/hyperv-placement/credentials.yaml", "/etc/hyperv-placement/more"),
    plain_http=False,
    ports=frozenset({5986}),
    delegation=frozenset({"prod"}),
)
GOOD = HostSpec(
    name=HostName("hv1"),
    endpoint="https://hv1.corp.example:5986/wsman",
    connection=Connection(auth="kerberos"),
)
GIVEN = Files(credentials="/etc/hyperv-placement/credentials.yaml", authorities=frozenset({"aa"}))


def test_what_the_policy_names_is_permitted() -> None:
    """And without a policy everything is, though nothing vouches for a new host."""
    policy = Policy(files=(BANK,))
    assert policy.of_host(GOOD, GIVEN) == ()
    assert policy.of_delegation("prod") == ()
    assert policy.permits_new_host(GOOD)
    assert UNRESTRICTED.of_host(GOOD, Files()) == ()
    assert not UNRESTRICTED.permits_new_host(GOOD)
    assert not Policy(files=(PolicyFile(path="p", auth=frozenset({"kerberos"})),)).permits_new_host(GOOD)


@pytest.mark.parametrize(
    ("setting", "host", "files"),
    [
        ("address", replace(GOOD, endpoint="https://hv1.evil.org:5986/wsman"), GIVEN),
        ("address", replace(GOOD, endpoint="https://hv1.corp.example:24190/wsman"), GIVEN),
        ("account", replace(GOOD, account="dc1.evil.org"), GIVEN),
        ("auth", replace(GOOD, connection=Connection(auth="basic")), GIVEN),
        ("auth", replace(GOOD, connection=Connection(auth="credssp")), GIVEN),
        ("kerberos_host", replace(GOOD, connection=Connection(auth="kerberos", kerberos_host="hv1.evil.org")), GIVEN),
        ("proxy", replace(GOOD, connection=Connection(auth="kerberos", proxy="http://proxy.evil.org:3128")), GIVEN),
        ("proxy", replace(GOOD, connection=Connection(auth="kerberos", proxy="http://corp.example:80:a.corp.example")), GIVEN),
        ("ca", GOOD, replace(GIVEN, authorities=frozenset({"aa", "bb"}))),
        ("ca", GOOD, replace(GIVEN, trouble="cannot be read")),
        ("", GOOD, replace(GIVEN, authorities=Files().authorities)),
        ("", GOOD, replace(GIVEN, credentials=ENVIRONMENT)),
        ("", GOOD, replace(GIVEN, credentials="/etc/hyperv-placement/credentials.yaml.mine")),
    ],
)  # fmt: skip
def test_each_setting_is_held_against_the_policy(setting: str, host: HostSpec, files: Files) -> None:
    """One breach each, which names the policy's file."""
    (breach,) = Policy(files=(BANK,)).of_host(host, files)
    assert breach.setting == setting
    assert BANK.path in breach.text


def test_plain_http_is_forbidden_by_itself() -> None:
    """Whatever authority stands beside it: there is no certificate to prove."""
    host = replace(GOOD, endpoint="http://hv1.corp.example:5985/wsman")
    breaches = Policy(files=(replace(BANK, ports=None),)).of_host(
        host, replace(GIVEN, authorities=frozenset())
    )
    assert [("plain HTTP" in each.text) for each in breaches] == [True]


def test_a_later_policy_only_narrows() -> None:
    """It permits nothing that another one forbids, in either order; a file of a folder that is named may be used."""
    wide = PolicyFile(path="/home/me/policy.yaml", hosts=(".evil.org", ".corp.example"), plain_http=True)
    evil = replace(GOOD, endpoint="https://hv1.evil.org:5986/wsman")
    nested = replace(GIVEN, credentials="/etc/hyperv-placement/more/site/a.yaml")
    for files in ((BANK, wide), (wide, BANK)):
        policy = Policy(files=files)
        assert len(policy.of_host(evil, GIVEN)) == 1
        assert not policy.permits_new_host(evil)
        assert policy.of_host(GOOD, nested) == ()
    assert Policy(files=(wide, PolicyFile(path="p", audit_required=True))).audit_required
    assert Policy(files=(BANK, PolicyFile(path="p", delegation=frozenset()))).of_delegation("prod")


@pytest.mark.parametrize(
    ("server", "directories", "breaches"),
    [
        ("ldaps://dc1.corp.example", None, 0),
        ("ldaps://dc1.evil.org", None, 1),
        ("ldaps://dc1.corp.example", ("dc2.corp.example",), 1),
        ("ldaps://dc2.corp.example:636", ("dc2.corp.example",), 0),
        ("ldaps://evil.org\\.corp.example", None, 1),
    ],
)
def test_directories_are_hosts_unless_they_are_named(
    server: str, directories: tuple[str, ...] | None, breaches: int
) -> None:
    """The password of the directory's account goes there."""
    policy = Policy(files=(replace(BANK, directories=directories),))
    assert len(policy.of_directory(DirectorySpec(server=server), GIVEN)) == breaches
    simple = DirectorySpec(server="ldaps://dc2.corp.example", auth="simple", kerberos_host="dc.evil.org")
    assert {each.setting for each in policy.of_directory(simple, GIVEN)} >= {"auth", "kerberos_host"}


@pytest.mark.parametrize(
    ("username", "permitted"),
    [
        ("BANK\\placement", True), ("bank\\placement", True), ("placement@BANK.EXAMPLE", True), ("placement@bank.example", True),
        ("EVIL\\placement", False), ("placement@evil.bank.example", False), ("placement", False), (".\\administrator", False),
        ("BANK\\x@evil.org", False), ("EVIL\\x@bank.example", False), ("EVIL\\BANK\\x", False), ("\\x", False), ("x@", False),
        ("a@evil.org@bank.example", False), ("", False),
    ],
)  # fmt: skip
def test_a_login_is_of_a_domain(username: str, permitted: bool) -> None:
    """Every domain in the name has to be one of them; a login without a name has none."""
    assert (Policy(files=(BANK,)).of_login(username) == ()) is permitted
    assert Policy(files=(PolicyFile(path="p"),)).of_login(username) == ()


def test_local_accounts_have_a_word_of_their_own() -> None:
    """For hosts of a workgroup."""
    policy = Policy(files=(replace(BANK, domains=frozenset({LOCAL})),))
    assert policy.of_login("administrator") == policy.of_login(".\\administrator") == ()
    assert policy.of_login("BANK\\administrator")
