"""The checks find a Python that is supported, or say that there is none."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text()


def find(path, *versions):
    """Look for Python in the folders of a PATH, and nowhere else."""
    return subprocess.run(
        [CHECKOUT / ".ci" / "python", *versions],
        env={"PATH": str(path), "HOME": str(path)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def path(tmp_path):
    """A folder with the tools of a shell only."""
    for tool in ("sh", "sed"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    return tmp_path


def add_python(path, name, source):
    (path / name).write_text(source)
    (path / name).chmod(0o755)


def test_no_python_is_said_in_one_line(path):
    found = find(path)
    assert found.returncode == 1
    assert found.stderr == ("spikefa needs Python 3.12 or 3.13 with venv: none found\n")
    assert found.stdout == "false\n"  # ends the command that was to use it


def test_a_shim_with_nothing_behind_it_is_passed_over(path):
    add_python(path, "python3.12", "#!/bin/sh\nexit 127\n")
    version = "{}.{}".format(*sys.version_info)
    add_python(path, "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert find(path, "3.12", version).stdout == "python3\n"


def test_another_version_is_no_match(path):
    add_python(path, "python3", "#!/bin/sh\necho 3.11\n")
    assert find(path).returncode == 1


def test_the_commands_of_the_readme_are_plain():
    commands = [line for line in README.splitlines() if "-m venv" in line]
    assert len(commands) == 2
    assert all(line.startswith("python3 -m venv ") for line in commands)
