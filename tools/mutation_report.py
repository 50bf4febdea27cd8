"""Commands beside mutmut's: a table of what was killed, the survivors, another try."""

from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import click
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

PACKAGE: Final = "src/fastauth_kit/"
KILLED: Final = ("killed", "timeout", "segfault")
COLUMNS: Final = ("killed", "timeout", "caught by type check", "survived", "no tests")


def files_with_mutants() -> Iterator[SourceFileMutationData]:
    """Yield what mutmut keeps of each file that has mutants."""
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            yield data


@click.command()
def table() -> None:
    """Print a table in Markdown: a line for each file."""
    print("| file | mutants | killed | hung | refused by mypy | survived | not reached | killed |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    whole: Counter[str] = Counter()
    for data in files_with_mutants():
        counts = Counter(status_by_exit_code[code] for code in data.exit_code_by_key.values())
        whole += counts
        print(_line(str(data.path).removeprefix(PACKAGE), counts))
    print(_line("**all**", whole))
    other = {kind: count for kind, count in whole.items() if kind not in COLUMNS}
    if other:
        print(f"\nBeside these: {other}")


def _line(title: str, counts: Counter[str]) -> str:
    tried = counts.total() - counts["not checked"]
    killed = sum(counts[kind] for kind in KILLED)
    share = f"{100 * killed / tried:.1f} %" if tried else "not tried"
    cells = [title, str(tried), *(str(counts[kind]) for kind in COLUMNS), share]
    return f"| {' | '.join(cells)} |"


@click.command()
@click.argument("patterns", nargs=-1)
def survivors(patterns: tuple[str, ...]) -> None:
    """Print what the tests did not notice, all of it or of some mutants."""
    for name, path, status in _unnoticed(patterns):
        changed = get_diff_for_mutant(name, path=path).splitlines()[3:]
        lines = [line for line in changed if line.startswith(("-", "+"))]
        print(f"{name}: {status}\n" + "\n".join(lines) + "\n")


@click.command()
@click.argument("patterns", nargs=-1)
def retry(patterns: tuple[str, ...]) -> None:
    """Forget what survived or hung, so that the next ``run`` tries it again."""
    names = {name for name, _, _ in _unnoticed(patterns, also=("timeout", "segfault"))}
    for data in files_with_mutants():
        for name in names & data.exit_code_by_key.keys():
            data.exit_code_by_key[name] = None
        data.save()
    print(f"{len(names)} to be tried again")


def _unnoticed(
    patterns: tuple[str, ...], also: tuple[str, ...] = ()
) -> Iterator[tuple[str, Path, str]]:
    wanted = {"survived", "no tests", "suspicious", *also}
    for data in files_with_mutants():
        for name, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            if status in wanted and (not patterns or any(fnmatch(name, p) for p in patterns)):
                yield name, Path(data.path), status
