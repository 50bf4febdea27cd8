"""The mixins of SQLModel say what they miss."""

import subprocess
import sys

from tests.docs.programs import environment


def test_without_its_package_the_extra_is_named() -> None:
    program = "import sys; sys.modules['sqlmodel'] = None; import fastauth_kit.surfaces.sqlmodel"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.splitlines()[-1] == (
        "ImportError: these mixins need sqlmodel: pip install 'fastauth-kit[sqlmodel]'"
    )
