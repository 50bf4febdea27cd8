"""How messages are worded: Jinja2 templates that the caller may replace one by one.

A message is a text template, whose first line is the subject, and an HTML
template of the same name beside it, which may be missing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastauth_kit.core.errors import ConfigurationError

try:
    from jinja2 import (
        BaseLoader,
        ChoiceLoader,
        Environment,
        FileSystemLoader,
        PackageLoader,
        StrictUndefined,
        TemplateNotFound,
        TemplateSyntaxError,
        select_autoescape,
    )
except ImportError as _error:
    raise ImportError("mail needs jinja2: pip install 'fastauth-kit[mail]'") from _error

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_SUBJECT = "Subject:"
_OURS = "fastauth_kit.features.mail"


@dataclass(frozen=True, slots=True)
class Template:
    """A message of a feature's, and the package whose ``templates`` folder words it."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A message in words."""

    subject: str
    text: str
    html: str | None


class Templates:
    """Finds and fills templates.

    Args:
        folder: The caller's own; ``None`` for none.

    Raises:
        ConfigurationError: The folder is missing, or a template in it is wrong.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = [] if folder is None else [FileSystemLoader(folder)]
        self._own = _environment(*self._folder, PackageLoader(_OURS))
        self._built_in: dict[str, Environment] = {}
        if folder is not None:
            self._check_folder(folder)

    def render(self, template: Template, locale: str | None, values: Mapping[str, Any]) -> Wording:
        """Return a message in words.

        The text decides: its HTML is the one beside it, never one of another
        language or origin.

        Raises:
            jinja2.TemplateError: It cannot be filled.
            ValueError: It does not begin with a subject.
        """
        environment, name = self._find(template, locale)
        subject, text = _split(environment.get_template(f"{name}.txt").render(values))
        html = None
        if _has(environment, f"{name}.html"):
            html = environment.get_template(f"{name}.html").render(values, subject=subject)
        return Wording(subject, text, html)

    def _find(self, template: Template, locale: str | None) -> tuple[Environment, str]:
        for prefix in (*_prefixes(locale), ""):
            if _has(self._own, f"{prefix}{template.name}.txt"):
                return self._own, prefix + template.name
        if template.package not in self._built_in:
            # the caller's layout.html is taken for built-in messages, too
            loaders = (PackageLoader(template.package), *self._folder, PackageLoader(_OURS))
            self._built_in[template.package] = _environment(*loaders)
        return self._built_in[template.package], template.name

    def _check_folder(self, folder: Path) -> None:
        """Find at start what would be found when the first message is due."""
        if not folder.is_dir():
            raise ConfigurationError(f"templates={str(folder)!r} is no folder")
        for name in self._own.list_templates(extensions=["txt", "html"]):
            try:
                self._own.get_template(name)
            except (TemplateSyntaxError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"the template {name} is wrong: {error}") from error
            text = name.removesuffix(".html") + ".txt"
            if name.endswith(".html") and "layout" not in name and not _has(self._own, text):
                raise ConfigurationError(f"the template {name} needs {text} beside it")


def _environment(*loaders: BaseLoader) -> Environment:
    return Environment(
        loader=ChoiceLoader(loaders),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        keep_trailing_newline=True,
    )


def _has(environment: Environment, name: str) -> bool:
    try:
        environment.get_template(name)
    except TemplateNotFound:
        return False
    return True


def _prefixes(locale: str | None) -> Iterator[str]:
    """Yield the folders of a language, the most special first: ``pt_BR/``, ``pt/``."""
    if locale is None or not _LOCALE.fullmatch(locale):
        return
    yield f"{locale}/"
    language = re.split("[-_]", locale)[0]
    if language != locale:
        yield f"{language}/"


def _split(text: str) -> tuple[str, str]:
    """Take the subject from the first line.

    Raises:
        ValueError: There is none.
    """
    first, _, rest = text.partition("\n")
    if not first.startswith(_SUBJECT):
        raise ValueError("the first line of a text template must be 'Subject: ...'")
    return first.removeprefix(_SUBJECT).strip(), rest.strip() + "\n"
