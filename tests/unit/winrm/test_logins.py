"""When a credential is tried, and when not any more."""

from __future__ import annotations

import threading

import pytest

from hyperv_placement.errors import AuthenticationError
from hyperv_placement.model.names import HostName
from hyperv_placement.winrm.connection_errors import LoginImpossibleError
from hyperv_placement.winrm.credentials import Credential
from hyperv_placement.winrm.logins import Logins

CREDENTIAL = Credential("LAB\\a", "b")
HV1, HV2, HV3, HV4 = (HostName(f"hv{number}") for number in range(1, 5))


def refuse() -> None:
    """Be a host that refuses."""
    raise AuthenticationError("hv1 refused the credential of LAB\\a")


def never() -> None:
    """Be a host that must not be asked."""
    pytest.fail("the credential was tried")


def refused(logins: Logins, host: HostName) -> bool:
    """Try at a host that would take it, and say whether it was not even asked."""
    try:
        logins.use(CREDENTIAL, host, lambda: None)
    except AuthenticationError:
        return True
    return False


def test_a_refused_credential_is_not_tried_elsewhere() -> None:
    """Every host would count a failure, and the domain would lock the account."""
    logins = Logins()
    with pytest.raises(AuthenticationError):
        logins.use(CREDENTIAL, HV1, refuse)
    with pytest.raises(AuthenticationError, match="hv1 refused"):
        logins.use(CREDENTIAL, HV2, never)
    assert logins.use(Credential("LAB\\other", "b"), HV2, lambda: "in") == "in"


def test_one_host_may_refuse_what_others_take() -> None:
    """It is left alone; the others go on."""
    logins = Logins()
    logins.use(CREDENTIAL, HV1, lambda: None)
    with pytest.raises(AuthenticationError):
        logins.use(CREDENTIAL, HV2, refuse)
    assert refused(logins, HV2)
    assert not refused(logins, HV3)


def test_a_password_that_was_changed_meanwhile_is_tried_twice_and_no_more() -> None:
    """A second refusal in a row cannot be the hosts' fault: no other host is asked."""
    logins = Logins()
    logins.use(CREDENTIAL, HV1, lambda: None)
    for host in (HV2, HV3):
        with pytest.raises(AuthenticationError):
            logins.use(CREDENTIAL, host, refuse)
    assert refused(logins, HV4)


def test_another_secret_of_the_same_account_is_another_credential() -> None:
    """A host that refused the old one is asked with the new one, once."""
    logins, new = Logins(), Credential("LAB\\a", "new")
    logins.use(CREDENTIAL, HV1, lambda: None)
    with pytest.raises(AuthenticationError):
        logins.use(CREDENTIAL, HV1, refuse)
    assert logins.use(new, HV1, lambda: "in") == "in"
    assert refused(logins, HV1)


def test_what_nobody_has_judged_says_nothing_against_a_credential() -> None:
    """A host that lacks the scheme, or a ticket for a name that the domain does not know."""
    logins = Logins()

    def impossible() -> None:
        raise LoginImpossibleError("hv1 does not offer CredSSP")

    with pytest.raises(LoginImpossibleError):
        logins.use(CREDENTIAL, HV1, impossible)
    assert not refused(logins, HV1)
    assert not refused(logins, HV2)


def test_an_unproven_credential_is_tried_by_one_at_a_time() -> None:
    """The second waits for what comes of the first, and is spared the attempt."""
    logins, entered, go_on = Logins(), threading.Event(), threading.Event()
    ends: list[str] = []

    def slow() -> None:
        entered.set()
        go_on.wait(10)
        refuse()

    def attempt(host: HostName, work: object) -> None:
        try:
            logins.use(CREDENTIAL, host, work)  # type: ignore[arg-type] # either of the two above
        except AuthenticationError as error:
            ends.append(f"{host}: {error.message}")

    threads = [threading.Thread(target=attempt, args=(HV1, slow))]
    threads[0].start()
    assert entered.wait(10)
    threads.append(threading.Thread(target=attempt, args=(HV2, never)))
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert ends == ["hv1: hv1 refused the credential of LAB\\a", "hv2: hv1 refused the credential of LAB\\a"]
