"""What a directory says, as bytes: objects that a search has found, and its end."""

from __future__ import annotations

from collections.abc import Mapping

from pyasn1.codec.der import encoder
from pyasn1_modules import rfc2251

from hyperv_placement.directory import messages


def found(number: int, dn: str, attributes: Mapping[str, tuple[bytes, ...]]) -> bytes:
    """Return an object that a search has found."""
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    entry = message["protocolOp"]["searchResEntry"]
    entry["objectName"] = dn.encode()
    for position, (name, values) in enumerate(attributes.items()):
        entry["attributes"][position]["type"] = name.encode()
        for at, value in enumerate(values):
            entry["attributes"][position]["vals"][at] = value
    return bytes(encoder.encode(message))


def ended(number: int, *, cookie: bytes = b"", code: int = messages.SUCCESS) -> bytes:
    """Return the end of a search, or of a page of it."""
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    done = message["protocolOp"]["searchResDone"]
    done["resultCode"], done["matchedDN"], done["errorMessage"] = code, b"", b""
    page = messages._PAGE_VALUE.clone()
    page["size"], page["cookie"] = 0, cookie
    message["controls"][0]["controlType"] = messages._PAGED
    message["controls"][0]["controlValue"] = encoder.encode(page)
    return bytes(encoder.encode(message))
