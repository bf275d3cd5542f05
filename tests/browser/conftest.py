"""Headless Chromium, and pages opened from files in it that may ask nothing of anybody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hyperv_placement.planning.proposal import Review
from hyperv_placement.report.page import page as page_of
from tests.unit.report.test_review_comment import review_of
from tools.install import browser as installed


@dataclass(slots=True)
class Opened:
    """A page, and what it has asked for or complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Opener = Callable[..., Opened]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for these tests, skipped with a line where there is none, and with CI=true a failure.

    It ends with them: its driver keeps an event loop running in this thread, which no other test could bear.
    """
    path = installed.found(os.environ)
    if path is None:
        missing = f"{installed.advice()} (make browser)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as driver:
        # Chromium's sandbox does not start for root, and this one opens nothing but our own files
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open the page of a story, or of a review; `scheme`: light or dark; `width`: of the window, in px."""
    contexts = []

    def open_(reported: dict[str, Any] | Review, scheme: Any = "light", width: int = 1280) -> Opened:
        review = reported if isinstance(reported, Review) else review_of(reported, tmp_path)
        file = tmp_path / "review.html"
        file.write_text(page_of(review, 0), encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        shown = Opened(context.new_page())
        shown.page.on("request", lambda request: shown.requests.append(request.url))
        shown.page.on("console", lambda message: shown.complaints.append(message.text))
        shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
        shown.page.on("dialog", lambda dialog: shown.complaints.append(f"dialog {dialog.message}"))
        shown.page.goto(file.as_uri())
        return shown

    yield open_
    for context in contexts:
        context.close()
