"""The folder is a distribution of its own, which needs Brian2 and NumPy alone."""

import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

import spikefa.dense

FOLDER = Path(spikefa.dense.__file__).parent

SCRIPT = """
import importlib.util
from brian2 import NeuronGroup, Network, ms, prefs
from dense_synapses import DenseSynapses
prefs.codegen.target = "numpy"
for name in ("spikefa", "matplotlib", "scipy"):
    assert importlib.util.find_spec(name) is None, name
group = NeuronGroup(3, "v : 1", threshold="v > 1", reset="")
group.v = 2
synapses = DenseSynapses(
    group,
    group,
    "w : 1\\nda/dt = -a/ms : 1 (event-driven)",
    on_pre="v_post += w; a += 1",
    delay=0.1*ms,
)
synapses.connect("i != j")
synapses.w = 3
Network(group, synapses).run(0.2*ms)
assert list(group.v) == [8, 8, 8], group.v[:]
print(synapses.a[:])
"""


def needed_by(*names):
    """Distributions that some need, with those that these need."""
    found, new = {}, list(names)
    while new:
        name = re.split(r"[^\w.-]", new.pop(), maxsplit=1)[0].lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for other systems
            continue
        new += [r for r in found[name].requires or () if "extra ==" not in r]
    return found.values()


def link(distributions, folder):
    """Put what is installed into another environment, without copying it."""
    for one in distributions:
        tops = {file.parts[0] for file in one.files if file.parts[0] != ".."}
        for top in tops - {"__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(one.locate_file(top))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_wheel_in_an_empty_environment(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(FOLDER, source, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    done = subprocess.run(
        [*build, "--outdir", tmp_path, source], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "empty", symlinks=True)
    (packages,) = (tmp_path / "empty" / "lib").glob("python*/site-packages")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(packages)
    (metadata,) = packages.glob("*.dist-info/METADATA")
    needed = re.findall(r"Requires-Dist: ([\w-]+)", metadata.read_text())
    assert sorted(needed) == ["brian2", "numpy"]
    modules = {path.name for path in FOLDER.glob("*.py")}
    assert modules <= {Path(name).name for name in names}
    templates = [path for path in FOLDER.glob("*templates/*/*") if path.is_file()]
    assert len(templates) == sum("templates/" in name for name in names)
    link(needed_by(*needed), packages)
    python = tmp_path / "empty" / "bin" / "python"
    done = subprocess.run(
        [python, "-I", "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    print(wheel.name, wheel.stat().st_size, len(names), done.stdout)
