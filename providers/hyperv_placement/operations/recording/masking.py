"""What is secret in a request, in its answer, or in an error of either, masked before it reaches a file.

Our own requests carry no secret: passwords, tickets and tokens travel in HTTP headers, which are not kept. But a host, a proxy or
whatever else answers at its address may repeat them, as the page of a proxy that prints the headers it got. So passwords are
looked for in every encoding that the leftover search of recordings knows, and what has the form of a secret is masked whoever's
it is. Names of hosts and machines stay: they go when a recording is made of the file.
"""

from __future__ import annotations

import base64
import html
import re
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from hyperv_placement.errors import ProtocolError
from hyperv_placement.winrm.credentials import Credential

from .known import KnownNames, key
from .leftover import views
from .segments import Text, peeled, pieces, wrapped

MASKED = "***"
_SECRET = re.compile(
    r"password|passwd|secret|token|ticket|credential|api_?key|private_?key|key_?protector|cookie|authorization",
    re.IGNORECASE,
)
"""Names of properties, selectors and attributes whose value is nobody's business."""
_USER = frozenset(
    {"owner", "username", "user", "userid", "registereduser", "primaryownername", "primaryownercontact"}
)
_FORMS = re.compile(
    r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)"  # PEM (RFC 7468)
    r"|(?:proxy-)?(?:authorization|authenticate)\s*[:=][^\r\n<>\"']*"  # headers as a proxy's page prints them
    r"|(?<=://)[^\s/@<>\"']+@"  # user and password of an address (RFC 3986, 3.2.1)
    r"|(?:set-)?cookie\s*[:=][^\r\n<>\"']*"
    r"|(?<!\w)(?:Negotiate|Kerberos|NTLM|CredSSP|Basic|Bearer)\s+[A-Za-z0-9+/._~-]{12,}=*"  # RFC 9110, 11.4
    # NTLMSSP; SPNEGO and Kerberos with lengths of one byte and of two (X.690, 8.1.3.5); a JWT
    r"|(?<![A-Za-z0-9+/])(?-i:TlRMTVNTUA|YI[GHI]|oY[GHI]|eyJ)[A-Za-z0-9+/._-]{12,}=*",
    re.IGNORECASE | re.DOTALL,
)
_SID = re.compile(r"\bS-1-5-21(?:-\d+)+")
"""Of an account of a domain or a computer; those that every Windows has stay (MS-DTYP 2.4.2.4)."""
_ACCOUNT = re.compile(
    r"(?<![\w\\:/.-])[\w.-]+\\(?![0-9A-Fa-f]{8}-)[\w-]+(?:\.[\w-]+)*\$?(?![\w\\$-]|[:.]\w)|(?<![\w.@/-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
)
"""`DOMAIN\\user` and `user@domain`; neither a piece of a path nor of an identifier of Hyper-V."""
_PLACE = re.compile(r"(?:[A-Za-z]:\\|\\\\)[^\"'<>|\r\n]*")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)(\s*=\s*)("[^"]*"|'[^']*')""")
_NAMESPACES = ("http://schemas.", "http://www.w3.org/")
_SHORT = 4
"""Characters of a secret from which on it is looked for within longer texts: shorter ones stand in any text by chance."""


class Mask:
    """The same mask for the same user throughout a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: dict[str, str] = {}
        self._names = KnownNames()
        self._secrets: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._value = lru_cache(maxsize=10_000)(self._masked)

    def learn(self, credential: Credential) -> None:
        """Look for this password and this user from now on."""
        secrets = {each for each in (credential.password, credential.key_password) if each}
        with self._lock:
            if not (
                secrets <= self._secrets and (not credential.username or credential.username in self._names)
            ):
                self._secrets |= secrets
                self._forms = tuple(
                    form for secret in self._secrets if len(secret) >= _SHORT for form in _written(secret)
                )
                for name in _parts(credential.username):
                    self._names.add(name)
                    self._users.setdefault(key(name), self._users.get(key(credential.username), self._next()))
                self._value.cache_clear()

    def envelope(self, text: str, class_name: str = "") -> str:
        """Return a request or an answer masked; what is not XML, too."""
        try:
            parts = [
                self._text(each) if isinstance(each, Text) else self._tag(each)
                for each in pieces(text, class_name)
            ]
        except ProtocolError:  # CDATA, a comment, a document type: a page of somebody else's
            parts = [
                self._tag(each) if each.startswith("<") else self._escaped(each, self._value)
                for each in re.split(r"(<[^<>]*>)", text)
            ]
        return self._whole("".join(parts))

    def text(self, text: str) -> str:
        """Return a text that is not XML masked, as an error or a query."""
        return self._whole(self._value(text))

    def _text(self, text: Text) -> str:
        value, layers = peeled(text.text)
        core = value.strip()
        if _SECRET.search(text.property):
            return MASKED
        if text.property.casefold() in _USER:
            return value.replace(core, self._user(core))
        masked = self._value(value)
        return text.text if masked == value else wrapped(masked, layers)

    def _tag(self, tag: str) -> str:
        """Return a tag with the values of its attributes masked; a comment or CDATA is a text that looks like one."""
        if tag.startswith(("<!", "<?")):
            return self._value(tag)
        if "=" not in tag:
            return tag
        if not tag.startswith("<"):
            return self._escaped(tag, lambda value: _FORMS.sub(MASKED, value))
        if _FORMS.search(_ATTRIBUTE.sub("", tag)):
            return f"<{MASKED}>"  # HTML has values without quotes
        return _ATTRIBUTE.sub(self._attribute, tag)

    def _escaped(self, text: str, mask: Callable[[str], str]) -> str:
        """Return a text that may be escaped, masked; what needs no mask stays as it was written."""
        value, layers = peeled(text)
        masked = mask(value)
        return text if masked == value else wrapped(masked, layers)

    def _attribute(self, found: re.Match[str]) -> str:
        name, between, quoted = found.groups()
        mark, value = quoted[0], quoted[1:-1]
        if value.startswith(_NAMESPACES):
            return found.group()
        if _SECRET.search(name):
            masked = MASKED
        elif name.casefold() in _USER and not value.startswith("S-1-5-") and value:
            masked = self._user(value)
        else:
            plain = html.unescape(value)
            masked = self._value(plain)
            masked = value if masked == plain else html.escape(masked)
        return f"{name}{between}{mark}{masked}{mark}"

    def _masked(self, value: str) -> str:
        if len(value) < _SHORT and value not in self._secrets:
            return value
        seen = tuple(views(value))
        for secret in self._secrets:
            if any(secret in view if len(secret) >= _SHORT else secret == view.strip() for view in seen):
                return MASKED
        masked = _SID.sub(lambda found: self._user(found.group()), _FORMS.sub(MASKED, value))
        masked = self._with_users(self._with_accounts(masked))
        if any(next(self._names.spans(view), None) for view in views(masked)):
            return MASKED  # a user of ours in an encoding
        return masked

    def _with_accounts(self, value: str) -> str:
        places = [found.span() for found in _PLACE.finditer(value)]

        def account(found: re.Match[str]) -> str:
            inside = any(start <= found.start() < end for start, end in places)
            return found.group() if inside else self._user(found.group())

        return _ACCOUNT.sub(account, value)

    def _with_users(self, value: str) -> str:
        made, end = [], 0
        for start, stop in self._names.spans(value):
            made += [value[end:start], self._user(value[start:stop])]
            end = stop
        return "".join([*made, value[end:]])

    def _user(self, name: str) -> str:
        r"""Return the mask of a user, which is the same for `DOMAIN\name`, `name@domain` and `name` where it is one of ours."""
        known = next((each for each in map(key, _parts(name)) if each in self._users), key(name))
        return name if name in self._users.values() else self._users.setdefault(known, self._next())

    def _next(self) -> str:
        return f"user-{len(set(self._users.values())) + 1}"

    def _whole(self, text: str) -> str:
        """The last look: a secret that stands across the pieces, as one with `<` in it, costs the whole text."""
        if any(form in text for form in self._forms):
            return f"{MASKED} ({len(text)} characters with a secret among them)"
        return text


def _parts(username: str) -> Iterator[str]:
    r"""Yield how else a host may call the user of `DOMAIN\name` or `name@domain`."""
    if not username:
        return
    yield username
    name = username.rpartition("\\")[2] if "\\" in username else username.partition("@")[0]
    if len(name) > 1 and not name.isdigit():
        yield name


def _written(secret: str) -> Iterator[str]:
    """Yield a secret as it is written in XML, in an address and in base64."""
    escaped = html.escape(secret)
    yield from (secret, escaped, html.escape(escaped), html.escape(secret, quote=False))
    yield from (quote(secret, safe=""), quote_plus(secret))
    for encoding in ("utf-8", "utf-16-le"):
        content = secret.encode(encoding, "surrogatepass")
        yield base64.b64encode(content).decode().rstrip("=")
        yield content.hex()
