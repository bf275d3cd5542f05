"""Windows builds that a host of the lab can be: their names and numbers."""

from __future__ import annotations

from collections.abc import Mapping

SERVER_2012_R2, SERVER_2016, SERVER_2019, SERVER_2022, SERVER_2025 = 9600, 14393, 17763, 20348, 26100
BUILDS: Mapping[str, int] = {
    "2012R2": SERVER_2012_R2,
    "2016": SERVER_2016,
    "2019": SERVER_2019,
    "2022": SERVER_2022,
    "2025": SERVER_2025,
}
"""Windows Server release -> build number (Windows Server release information page)."""
DEFAULT_BUILD = SERVER_2022


def release_of(build: int) -> str:
    """Return the release that a build belongs to: the newest that is not newer."""
    return max((number, name) for name, number in BUILDS.items() if number <= max(build, SERVER_2012_R2))[1]


def version_of(build: int) -> str:
    """Return Win32_OperatingSystem.Version: 6.3 for Windows Server 2012 R2, 10.0 ever since."""
    return f"{'6.3' if build < SERVER_2016 else '10.0'}.{build}"
