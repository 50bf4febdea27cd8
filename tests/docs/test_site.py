"""The site as it is built: every link leads somewhere, and nothing comes from elsewhere."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import PAGES, ROOT
from tests.docs.programs import DOCS

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a browser fetches without being asked to."""

NOT_FETCHED = {"canonical", "prev", "next", "edit"}
"""Kinds of ``link`` that only say something."""


@dataclass
class Found(HTMLParser):
    """What a page refers to."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    without_text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and (href := given.get("href")):
            self.links.append(href)
        if tag == "img" and not given.get("alt"):
            self.without_text.append(given.get("src") or "")
        only_says = tag == "link" and set((given.get("rel") or "").split()) & NOT_FETCHED
        if tag in FETCHED and (address := given.get(FETCHED[tag])) and not only_says:
            self.fetched.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``make site`` makes."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    where = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@cache
def _read(page: Path) -> Found:
    found = Found()
    found.feed(page.read_text("utf-8"))
    return found


def _pages(site: Path) -> list[Path]:
    return sorted(page for page in site.rglob("*.html") if page.name != "404.html")


def _is_elsewhere(address: str) -> bool:
    return bool(urlsplit(address).scheme or urlsplit(address).netloc)


def _leads_somewhere(page: Path, address: str) -> bool:
    parts = urlsplit(address)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return False
    if target.suffix != ".html" or not parts.fragment:
        return True
    return unquote(parts.fragment) in _read(target).ids


def test_every_page_is_built(site: Path) -> None:
    built = {page.parent.relative_to(site) for page in _pages(site)}

    named = {page.relative_to(DOCS) for page in PAGES}
    assert built == {
        page.parent if page.name == "index.md" else page.with_suffix("") for page in named
    }


def test_every_link_and_picture_of_the_site_is_there(site: Path) -> None:
    broken = [
        f"{page.relative_to(site)}: {address}"
        for page in _pages(site)
        for address in (*_read(page).links, *_read(page).fetched)
        if not _is_elsewhere(address) and not _leads_somewhere(page, address)
    ]

    assert broken == []


def test_a_reader_fetches_nothing_from_elsewhere(site: Path) -> None:
    elsewhere = [
        f"{page.relative_to(site)}: {address}"
        for page in _pages(site)
        for address in _read(page).fetched
        if _is_elsewhere(address) and not address.startswith("data:")
    ]
    styles = [
        style
        for style in site.rglob("*.css")
        if re.search("url\\(.?https?:", style.read_text("utf-8"))
    ]

    assert (elsewhere, styles) == ([], [])


def test_a_link_to_elsewhere_is_a_whole_address(site: Path) -> None:
    for page in _pages(site):
        for address in filter(_is_elsewhere, _read(page).links):
            parts = urlsplit(address)
            assert parts.scheme in {"https", "mailto"}, f"{page}: {address}"
            assert "." in (parts.netloc or parts.path), f"{page}: {address}"


def test_every_picture_says_what_it_shows(site: Path) -> None:
    silent = {
        f"{page.relative_to(site)}: {picture}"
        for page in _pages(site)
        for picture in _read(page).without_text
    }

    assert silent == set()


def test_files_of_the_root_are_shown(site: Path) -> None:
    contributing = (site / "contributing" / "index.html").read_text("utf-8")
    changelog = (site / "changelog" / "index.html").read_text("utf-8")

    assert "Add a feature" in contributing
    assert "0.1.0" in changelog
