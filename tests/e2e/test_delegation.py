"""The story that this product comes from: who may hand a machine over, before, while and after the directory says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Site, until
from .domain import Domain, declare, site_with_directory, stack

pytestmark = pytest.mark.e2e
MIGRATION = "Microsoft Virtual System Migration Service"
PAIR = ["hv1", "hv2"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three hosts of a domain, three machines, and hosts that remember for long what the directory said."""
    with site_with_directory(tmp_path_factory.mktemp("e"), "--ticket-cache", "900") as one:
        assert one.up().returncode == 0
        yield one


@pytest.fixture(scope="module")
def domain(site: Site) -> Domain:
    """The directory of that lab."""
    return Domain(site)


def want(site: Site, label: str, host: str, **sections: Any) -> None:
    """Declare a machine on another host, its files where they are."""
    vms = stack(site)["vms"]
    vms[label] = {**vms[label], "host": host}
    declare(site, vms=vms, **sections)


def on(site: Site, host: str) -> str:
    """Return the label of the machine on a host."""
    return next(label for label, where in site.hosts().items() if where == host)


def test_the_story(site: Site, domain: Domain) -> None:
    """Refused before it starts, refused by the host, waited for while old tickets last, moved, and found when it is undone."""
    mover, directory = on(site, "hv1"), stack(site)["directory"]

    # nothing is delegated, and the directory is asked: refused at once, with the entries, and no host is ordered anything
    want(site, mover, "hv2")
    refused = site.up()
    assert refused.returncode != 0
    assert "old tickets" not in refused.stdout, "it has waited for what the directory does not allow"
    for entry in (f"hv1 -> hv2: {MIGRATION}/hv2.lab.example", "hv1 -> hv2: cifs/hv2.lab.example"):
        assert entry in refused.stdout
    assert site.moved(mover) == []

    # nobody asks the directory: the host itself refuses, the error names both services, and the host remembers it
    declare(site, directory=None)
    failed = site.up()
    assert failed.returncode != 0
    assert "0x8009030E" in failed.stdout
    for service in (f"{MIGRATION}/hv2.lab.example", "cifs/hv2.lab.example"):
        assert service in failed.stdout
    assert site.hosts()[mover] == "hv1"

    # declared: one run sets the directory, meets the old tickets, says so and waits; then the machine moves
    declare(site, directory=directory, delegation={"hosts": PAIR})
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: "old tickets" in run.text(), within=180, what="a word on old tickets")
    assert domain.of("hv1")[0] >= {f"{MIGRATION}/hv2.lab.example", "cifs/hv2.lab.example"}
    site.lab("purge", "hv1")
    assert run.ended(within=300) == 0, run.text()
    assert site.hosts()[mover] == "hv2"
    assert site.in_order()

    # undone behind our back: the preview shows it
    domain.change("hv2", "delete", "cifs/hv1.lab.example")
    assert site.pulumi("preview", "--expect-no-changes").returncode != 0
    assert site.up().returncode == 0
    assert site.in_order()


@pytest.mark.all
def test_who_hands_the_password_over_needs_no_delegation(site: Site) -> None:
    """CredSSP, to a host that nothing is delegated for."""
    mover, connection = on(site, "hv3"), stack(site)["connection"]
    want(site, mover, "hv1", connection={**connection, "auth": "credssp"})
    run = site.up()
    assert run.returncode == 0, run.stdout
    assert site.hosts()[mover] == "hv1"
    declare(site, connection=connection)


@pytest.mark.all
def test_an_operator_moves_machines(site: Site, domain: Domain) -> None:
    """A member of Hyper-V Administrators and Remote Management Users; hosts go by the names that the stack file has."""
    content = stack(site)
    hosts = {
        name: {**host, "connection": {"kerberos_host": f"{name}.lab.example"}}
        for name, host in content["hosts"].items()
    }
    mover = on(site, "hv2")
    want(
        site, mover, "hv1", hosts=hosts,
        connection={**content["connection"], "credentials": domain.credentials("operator")},
    )  # fmt: skip
    run, seen = site.watched("up", "--yes", "--skip-preview", "--logtostderr", "-v=9")
    assert run.process.returncode == 0, run.text()[-2000:]
    assert site.hosts()[mover] == "hv1"
    assert "needs the right to read" not in run.text()
    assert site.status()["violations"] == []

    # no password of anybody is left in argv, in the log at its loudest, in the state or in a file
    exported = site.pulumi("stack", "export", "--show-secrets").stdout
    for password in domain.passwords():
        assert not [words for words in seen if password in words]
        assert password not in run.text()
        assert password not in exported
        assert all(path == "secret" or path.startswith(".lab/") for path in site.holders(password))
