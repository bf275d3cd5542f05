"""Identify (DSP0226, section 11): what `Test-WSMan` and `winrm id` ask, with a login or without one."""

from __future__ import annotations

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import names, xml
from lab.world import LabHost
from lab.world.builds import version_of

PATH = "/wsman-anon/identify"
"""Where DSP0226 (section 11) has the question asked without a login. That a Windows host listens there, too, is a guess."""
HEADER = "WSMANIDENTIFY"
"""The HTTP header, `unauthenticated`, by which clients of Microsoft ask the same on /wsman (FusionInventory SOAP/WsMan.pm)."""
_IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
_PROTOCOL = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
_HIDDEN = "0.0.0"
"""What stands for the version where nobody has logged on (Test-WSMan page; chef/knife-windows records the answer)."""


def is_asked(content: bytes) -> bool:
    """Say whether an envelope asks who the service is: only its body decides, addressing headers are not needed."""
    try:
        root = xml.parse(content)
    except ProtocolError:
        return False
    body = xml.child(root, names.SOAP, "Body")
    return body is not None and xml.child(body, _IDENTITY, "Identify") is not None


def answer(host: LabHost, *, known: bool) -> bytes:
    """Return the answer's envelope; the version of Windows is for those who have logged on.

    The header is empty, as chef/knife-windows records it. WinRM 3.0 came with Windows Server 2012.
    """
    version = version_of(host.build) if known else _HIDDEN
    content = (
        xml.leaf("wsmid:ProtocolVersion", _PROTOCOL)
        + xml.leaf("wsmid:ProductVendor", "Microsoft Corporation")
        + xml.leaf("wsmid:ProductVersion", f"OS: {version} SP: 0.0 Stack: 3.0")
    )
    body = xml.tag("s:Body", xml.tag("wsmid:IdentifyResponse", content, {"xmlns:wsmid": _IDENTITY}))
    spaces = {"xml:lang": host.locale, "xmlns:s": names.SOAP}
    return xml.tag("s:Envelope", xml.tag("s:Header", None) + body, spaces).encode()
