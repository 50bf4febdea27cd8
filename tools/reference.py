"""Writes the tables of the documentation that say what the code has.

A page says where with a comment, and the table stands between it and the next one:

    <!-- options: fastauth_kit.Accounts -->
    <!-- errors -->                          of every feature
    <!-- events: fastauth_kit.features.sessions -->
    <!-- end of table -->

``python -m tools.reference`` brings all pages up to date. Meanings are the docstrings',
so that there is one place to say them.
"""

import dataclasses
import importlib
import inspect
import logging
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

import fastauth_kit
from fastauth_kit import AuthError, Event
from fastauth_kit.core.notices import Notice

DOCS = Path(__file__).parents[1] / "docs"

END = "<!-- end of table -->"
_MARKED = re.compile(
    r"^<!-- (?P<kind>options|errors|events)(?:: (?P<what>[\w.]+))? -->\n.*?^<!-- end of table -->$",
    re.MULTILINE | re.DOTALL,
)


def main() -> None:
    """Rewrite the pages whose tables are not those of the code."""
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text("utf-8")
        if (current := with_tables(text)) != text:
            page.write_text(current, "utf-8")
            print(page.relative_to(DOCS.parent))


def with_tables(text: str) -> str:
    """Return a page with the tables of today's code."""
    return _MARKED.sub(_between_comments, text)


def described_options(text: str) -> list[str]:
    """Return the classes whose options a page lists."""
    return [found["what"] for found in _MARKED.finditer(text) if found["kind"] == "options"]


def _between_comments(found: re.Match[str]) -> str:
    makers = {"options": _options, "errors": _errors, "events": _events}
    lines = makers[found["kind"]](found["what"] or "fastauth_kit")
    first = found[0].partition("\n")[0]
    return "\n".join([first, "", *lines, "", END])


def _options(path: str) -> list[str]:
    kind = named(path)
    meanings = _meanings(kind)
    rows = [[f"`{n}`", shown_default(d), meanings[n]] for n, d in options_of(kind).items()]
    return _table(["option", "default", "meaning"], rows)


def _errors(_: str) -> list[str]:
    # an error that is another one with the same code is told by that one
    errors = {error for error in subclasses(AuthError) if "code" in vars(error)} - {AuthError}
    rows = [
        [f"`{error.code}`", str(error.status), error.detail, f"`{error.__name__}`", _said(error)]
        for error in sorted(errors, key=lambda error: error.code)
    ]
    return _table(["code", "status", "sentence", "class", "when"], rows)


def _events(module: str) -> list[str]:
    rows = [
        [
            f"`{event.__name__}`",
            f"`{public_module(event)}`",
            ", ".join(f"`{field.name}`" for field in dataclasses.fields(event)),
            "" if event.succeeded else "failure",
            _said(event),
        ]
        for event in all_events()
        if event.__module__.startswith(module)
    ]
    columns = ["event", "module", "fields", "outcome", "when"]
    kept = range(5) if module == "fastauth_kit" else (0, 2, 3, 4)
    return _table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows])


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in r] for r in rows)]
    return [re.sub(" +", " ", f"| {' | '.join(line)} |") for line in lines]


def named(path: str) -> Any:
    """Return what a dotted path names."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def subclasses(kind: type[Any]) -> set[type[Any]]:
    """Return every class of the kit's own below another, and it."""
    for module in pkgutil.walk_packages(fastauth_kit.__path__, "fastauth_kit."):
        if module.name != "fastauth_kit.__main__":
            importlib.import_module(module.name)
    found = {kind}
    for child in kind.__subclasses__():
        found |= subclasses(child)
    return {item for item in found if item.__module__.startswith("fastauth_kit.")}


def all_events() -> list[type[Any]]:
    """Return the kinds of events, those of one module together."""
    # by name: a dataclass with slots is there twice, as it was before and after
    by_name = {f"{e.__module__}.{e.__qualname__}": e for e in subclasses(Event)}
    bases = {f"{base.__module__}.{base.__qualname__}" for base in (Event, Notice)}
    return [
        getattr(importlib.import_module(event.__module__), event.__name__)
        for name, event in sorted(by_name.items())
        if name not in bases
    ]


def public_module(event: type[Any]) -> str:
    """Return where an event is imported from, below ``fastauth_kit``."""
    parts = event.__module__.split(".")
    return ".".join(parts[1:3])


def options_of(kind: Any) -> dict[str, str]:
    """Return the options of a class and their defaults, as a reader would write them."""
    if not dataclasses.is_dataclass(kind):
        parameters = inspect.signature(kind).parameters.values()
        return {parameter.name: _of_parameter(parameter) for parameter in parameters}
    return {field.name: _default(field) for field in dataclasses.fields(kind)}


def shown_default(default: str) -> str:
    """Return a default as it stands in a cell."""
    return default if default == "required" else f"`{default}`"


def _of_parameter(parameter: inspect.Parameter) -> str:
    return "required" if parameter.default is parameter.empty else _written(parameter.default)


def _default(field: Any) -> str:
    if field.default_factory is not dataclasses.MISSING:
        factory = field.default_factory
        return repr(factory()) if isinstance(factory(), dict) else f"{factory.__name__}()"
    if field.default is dataclasses.MISSING:
        return "required"
    return _written(field.default)


def _written(value: Any) -> str:
    if hasattr(value, "total_seconds"):
        units = {"days": 86400, "minutes": 60, "seconds": 1}
        seconds = int(value.total_seconds())
        unit = next(name for name, size in units.items() if seconds % size == 0)
        return f"timedelta({unit}={seconds // units[unit]})"
    if inspect.isfunction(value) or inspect.isclass(value):
        return str(value.__name__)
    if not dataclasses.is_dataclass(value):
        return repr(value)
    nothing_set = value == type(value)()
    return f"{type(value).__name__}({'' if nothing_set else '...'})"


def _meanings(kind: type[Any]) -> dict[str, str]:
    """Return what the docstrings say of each option, those of the class before its bases'."""
    found: dict[str, str] = {}
    for owner in reversed(kind.__mro__):
        for text in (owner.__doc__, vars(owner).get("__init__", owner).__doc__):
            found.update(_arguments(text))
    return found


def _arguments(docstring: str | None) -> Iterator[tuple[str, str]]:
    logging.getLogger("griffe").setLevel(logging.ERROR)  # types are not its business
    for section in griffe.Docstring(inspect.cleandoc(docstring or "")).parse("google"):
        if section.kind is griffe.DocstringSectionKind.parameters:
            yield from ((item.name, _in_markdown(item.description)) for item in section.value)


def _said(kind: type[Any]) -> str:
    """Return what a docstring says before its sections."""
    text = inspect.cleandoc(vars(kind).get("__doc__") or "")
    return _in_markdown(re.split(r"\n\n(?:Args|Raises):\n", text)[0])


def _in_markdown(text: str) -> str:
    """Return a docstring's sentence as a page says it: there, the caller is the reader."""
    text = re.sub(r"\s+", " ", text).replace("``", "`").strip()
    text = re.sub(r"\bof the caller's(?=[.,;:]|$)", "of yours", text)
    return re.sub(
        r"\b([Tt])he caller's\b", lambda found: "Your" if found[1] == "T" else "your", text
    )


if __name__ == "__main__":
    main()
