"""`spikefa.dense` is a Brian2 extension that needs nothing else of this package."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import spikefa.dense

FOLDER = Path(spikefa.dense.__file__).parent

SCRIPT = """
import sys
from brian2 import NeuronGroup, Network, ms, prefs
prefs.codegen.target = "numpy"
from {module} import DenseSynapses
group = NeuronGroup(3, "v : 1", threshold="v > 1", reset="")
group.v = 2
synapses = DenseSynapses(group, group, "w : 1", on_pre="v_post += w")
synapses.connect("i != j")
synapses.w = 3
Network(group, synapses).run(0.1*ms)
assert list(group.v) == [8, 8, 8], group.v[:]
others = [name for name in sys.modules if name.startswith("spikefa.")]
print(sorted(name for name in others if not name.startswith("spikefa.dense")))
"""


def run(module, folder):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(module=module)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


def test_copied_under_another_name(tmp_path):
    """The folder alone is a package, with its templates."""
    shutil.copytree(FOLDER, tmp_path / "dense_layers")
    done = run("dense_layers", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_no_module_imports_the_rest():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level < 2, f"{path.name} imports from above"
                assert not (node.module or "").startswith("spikefa"), path.name
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
                assert not any(n.startswith("spikefa") for n in names), path.name
