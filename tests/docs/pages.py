"""Reads the pages: fenced blocks, headings, links and tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.programs import DOCS, EXAMPLE_APP, EXAMPLES

ROOT = DOCS.parent
PAGES = sorted(DOCS.rglob("*.md"))
ROOT_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]

FOLDERS = (EXAMPLES, EXAMPLE_APP)
"""Where snippets come from, the first one first."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`]*)$")
_TAB = re.compile(r'^(?P<indent> *)===[!+]* "(?P<name>[^"]+)"$')
_HEADING = re.compile(r"^(#{1,6}) (.+)$")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    info: str
    text: str
    tab: str | None = None
    """The content tab it is in."""

    @property
    def language(self) -> str:
        return self.info.split(" ", 1)[0]

    @property
    def title(self) -> str | None:
        """The file that the block is to be saved as."""
        found = re.search(r'title="([^"]+)"', self.info)
        return found[1] if found else None

    @property
    def snippet(self) -> str | None:
        """What it includes from one of the folders, if that is all it does."""
        lines = self.text.splitlines()
        is_include = len(lines) == 3 and lines[0] == lines[2] == "--8<--"
        return lines[1] if is_include else None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page, without their indentation."""
    opened: tuple[int, str, str] | None = None
    inside: list[str] = []
    tab: str | None = None
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None:
            tab = _tab_after(line, tab)
        if fence and opened is None:
            opened, inside = (number, fence["indent"], fence["info"].strip()), []
        elif fence and opened is not None and fence["indent"] == opened[1]:
            yield Block(page, opened[0], opened[2], "\n".join(inside) + "\n", tab)
            opened = None
        elif opened is not None:
            inside.append(line.removeprefix(opened[1]))


def _tab_after(line: str, tab: str | None) -> str | None:
    """Return the content tab that a line opens, is in, or ends."""
    found = _TAB.match(line)
    if found:
        return found["name"]
    return tab if not line or line.startswith(" ") else None


def prose(page: Path) -> list[str]:
    """Return the lines of a page outside its fenced blocks."""
    found: list[str] = []
    fenced = False
    for line in page.read_text("utf-8").splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            found.append(line)
    return found


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Python-Markdown makes them."""
    headings = (_HEADING.match(line) for line in prose(page))
    return {_slug(found[2]) for found in headings if found}


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"[-\s]+", "-", kept)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links."""
    return _LINK.findall("\n".join(prose(page)))


def table(page: Path, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    lines = prose(page)
    below = lines[next(i for i, line in enumerate(lines) if line.lstrip("# ") == heading) :]
    start = next(i for i, line in enumerate(below) if line.startswith("|"))
    rows: list[list[str]] = []
    for line in below[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


def code_in(cell: str) -> list[str]:
    """Return what a cell shows as code."""
    return re.findall(r"`([^`]+)`", cell)


def included_file(snippet: str) -> Path:
    """Return the file that a snippet is from; ``mkdocs.yml`` has the same folders."""
    name = snippet.partition(":")[0]
    found = [path for folder in FOLDERS if (path := folder / name).is_file()]
    return found[0] if found else FOLDERS[-1] / name


def section_text(snippet: str) -> str:
    """Return the text of a file or of one of its sections, as the page shows it."""
    section = snippet.partition(":")[2]
    text = included_file(snippet).read_text("utf-8")
    if section:
        start, end = f"# --8<-- [start:{section}]\n", f"# --8<-- [end:{section}]\n"
        text = re.split(re.escape(start), text)[1]
        text = re.split(r" *" + re.escape(end), text)[0]
    return re.sub(r"^ *# --8<-- .*\n", "", text, flags=re.MULTILINE).strip("\n") + "\n"
