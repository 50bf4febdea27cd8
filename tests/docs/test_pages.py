"""The pages hang together, and show only code that a test runs."""

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import (
    FOLDERS,
    PAGES,
    ROOT,
    ROOT_PAGES,
    Block,
    anchors,
    blocks,
    included_file,
    links,
    prose,
    section_text,
)
from tests.docs.programs import DOCS, EXAMPLE_APP, EXAMPLES

ALL_PAGES = [*PAGES, *ROOT_PAGES]
LINKING = [*ALL_PAGES, EXAMPLE_APP / "README.md"]
CODE = ("python", "py", "bash", "sh", "console")
TOUR = sorted((DOCS / "tour").glob("*.md"))
EXECUTED = DOCS / "quickstart.md"
"""Its shell blocks are run by ``test_quickstart.py``."""

TESTED = {path.name for path in Path(__file__).parent.glob("test_*.py")}


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _code_blocks() -> list[Block]:
    return [block for page in ALL_PAGES for block in blocks(page) if block.language in CODE]


@pytest.mark.parametrize("block", [b for b in _code_blocks() if b.language in CODE[:2]], ids=str)
def test_a_block_of_python_is_part_of_a_program(block: Block) -> None:
    if block.snippet is not None:
        assert section_text(block.snippet).strip()
    else:
        sections = [section_text("ten_lines.py:kit")]
        assert block.text in sections


@pytest.mark.parametrize("block", [b for b in _code_blocks() if b.language in CODE[2:]], ids=str)
def test_a_block_of_commands_is_run(block: Block) -> None:
    if block.snippet is not None:
        tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
        assert section_text(block.snippet).strip()
        assert f'"{block.snippet.partition(":")[0]}"' in tests
    elif block.page != EXECUTED:
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        commands = [line.partition("#")[0].split() for line in block.text.splitlines()]
        assert all(command[0] == "make" and command[1] in targets for command in commands)
    else:
        assert "test_quickstart.py" in TESTED


@pytest.mark.parametrize(
    "program", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: str(path.relative_to(EXAMPLES))
)
def test_a_program_is_loaded_by_a_test(program: Path) -> None:
    name = str(program.relative_to(EXAMPLES))
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    by_folder = f'"{program.parent.name}"' in tests or "quickstart/" in name

    assert f'"{name}"' in tests or by_folder


def test_snippets_are_looked_for_where_the_site_looks() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    options = [item for item in config["markdown_extensions"] if "pymdownx.snippets" in item]

    assert [ROOT / path for path in options[0]["pymdownx.snippets"]["base_path"]] == list(FOLDERS)


@pytest.mark.parametrize(
    "block", [block for page in TOUR for block in blocks(page) if block.title], ids=str
)
def test_a_block_of_the_tour_is_the_file_it_says(block: Block) -> None:
    assert block.snippet is not None
    assert block.title == block.snippet.partition(":")[0]
    assert included_file(block.snippet).is_relative_to(EXAMPLE_APP)


@pytest.mark.parametrize("page", LINKING, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken: list[str] = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        if path.startswith(("http:", "https:", "mailto:")):
            continue
        target = (page.parent / path).resolve() if path else page
        known = target.exists() and (not anchor or anchor in anchors(target))
        if not known:
            broken.append(link)

    assert broken == []


def test_the_navigation_lists_every_page() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))

    listed = sorted(re.findall(r"[\w/-]+\.md", str(config["nav"])))

    assert listed == sorted(str(page.relative_to(DOCS)) for page in PAGES)


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_a_page_has_one_title(page: Path) -> None:
    assert len([line for line in prose(page) if line.startswith("# ")]) == 1


def test_the_site_asks_nothing_of_other_servers() -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8")

    assert yaml.safe_load(text)["theme"]["font"] is False
    assert "//" not in text
