"""What only Samba's own Python bindings can do with a domain's database; Debian's Python runs this file.

`with_samba.py settle|hashes SMB_CONF`. What to do comes as JSON on standard input, so that no password is seen among a
program's arguments.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any

from ldb import FLAG_MOD_REPLACE, SCOPE_SUBTREE, Message, MessageElement
from samba import dckeytab  # noqa: F401 - importing it adds export_keytab to Net
from samba.auth import system_session
from samba.dsdb import UF_NOT_DELEGATED, UF_WORKSTATION_TRUST_ACCOUNT
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

_ENCRYPTION = "28"
"""msDS-SupportedEncryptionTypes: RC4, AES128 and AES256 (MS-KILE 2.2.7), what Windows sets for a member."""


def settle(sam: SamDB, net: Net, wanted: dict[str, Any]) -> None:
    """Add groups, people and computers, give all their passwords, and write the computers' keytabs."""
    sam.transaction_start()
    try:
        _fill(sam, wanted)
    except BaseException:
        sam.transaction_cancel()
        raise
    sam.transaction_commit()
    for computer in wanted["computers"]:
        net.export_keytab(keytab=computer["keytab"], principal=computer["account"])


def hashes(sam: SamDB) -> dict[str, str]:
    """Return the NT hash of each person who may log on by NTLM: not disabled, not in Protected Users."""
    protected = sam.search(
        base=sam.domain_dn(), scope=SCOPE_SUBTREE, expression="(sAMAccountName=Protected Users)"
    )[0]["dn"]
    # 1.2.840.113556.1.4.803 is the bitwise AND of LDAP filters; 2 is ACCOUNTDISABLE (MS-ADTS 2.2.16)
    people = sam.search(
        base=sam.domain_dn(),
        scope=SCOPE_SUBTREE,
        expression="(&(objectCategory=person)(unicodePwd=*)(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
        f"(!(memberOf={protected})))",
        attrs=["sAMAccountName", "unicodePwd"],
    )
    return {str(one["sAMAccountName"]): bytes(one["unicodePwd"][0]).hex().upper() for one in people}


def _fill(sam: SamDB, wanted: dict[str, Any]) -> None:
    _let_passwords_be(sam)
    for group in wanted["groups"]:
        sam.newgroup(group)
    for person in wanted["people"]:
        _person(sam, person)
    for computer in wanted["computers"]:
        _computer(sam, computer)
    # Samba chooses that one's password itself: no two labs take each other's tickets.
    sam.setpassword("(sAMAccountName=krbtgt)", secrets.token_urlsafe(32))


def _person(sam: SamDB, person: dict[str, Any]) -> None:
    named = f"(sAMAccountName={person['user']})"
    if sam.search(base=sam.domain_dn(), scope=SCOPE_SUBTREE, expression=named, attrs=[]):
        sam.setpassword(named, person["password"])  # the administrator, who is in his groups already
        return
    sam.newuser(person["user"], person["password"])
    for group in person["groups"]:
        sam.add_remove_group_members(group, [person["user"]])
    if person["sensitive"]:
        sam.toggle_userAccountFlags(named, UF_NOT_DELEGATED, flags_str="NOT_DELEGATED", on=True, strict=True)


def _computer(sam: SamDB, computer: dict[str, Any]) -> None:
    sam.add(
        {
            "dn": computer["dn"],
            "objectClass": "computer",
            "sAMAccountName": computer["account"],
            "userAccountControl": str(UF_WORKSTATION_TRUST_ACCOUNT),
            "dNSHostName": computer["full_name"],
            "msDS-SupportedEncryptionTypes": _ENCRYPTION,
            "servicePrincipalName": computer["service_names"],
            "clearTextPassword": secrets.token_urlsafe(32).encode("utf-16-le"),
        }
    )


def _let_passwords_be(sam: SamDB) -> None:
    """Let them be as they are and never expire; Samba's default is 42 days."""
    policy = Message(sam.get_default_basedn())
    for name in ("pwdProperties", "minPwdLength", "minPwdAge", "maxPwdAge"):
        policy[name] = MessageElement("0", FLAG_MOD_REPLACE, name)
    sam.modify(policy)


def main(action: str, conf: str) -> None:
    """Carry out one action in Samba's own Python."""
    lp = LoadParm()
    lp.load(conf)
    sam = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp)
    if action == "settle":
        settle(sam, Net(None, lp), json.load(sys.stdin))
    else:
        json.dump(hashes(sam), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
