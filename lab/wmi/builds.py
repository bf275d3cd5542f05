"""How answers of older builds differ in shape; which classes and properties they lack stands in `schema`."""

from __future__ import annotations

from lab.world.builds import SERVER_2016


def optimises_fully(build: int) -> bool:
    """Say whether the answer to an optimised Enumerate is a full page, and not one item and a context.

    2008 R2 and 2012 give one item (captures of txwinrm). That 2012 R2 does as 2012 did, and later ones do not, is a
    guess.
    """
    return build >= SERVER_2016
