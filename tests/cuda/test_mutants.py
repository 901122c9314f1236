"""Faults planted in the templates, each of which the shim and the comparison see.

A file in ``mutants`` is a patch of a template that compiles and is wrong on a card. The
program of a few configurations is built with it; the fault is caught if the program
complains, if its results are not those of `Synapses`, or if they depend on the order of
blocks and threads.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brian2 import prefs
from brian2.codegen.templates import Templater
from dense_networks import CONFIGURATIONS, SEEDS
from jinja2 import ChoiceLoader, FileSystemLoader
from kernels import ORDERS, Program, assert_same_state, simulate_stock

import spikefa.dense

MUTANTS = sorted(Path(__file__).with_name("mutants").glob("*.patch"))

#: Wide enough for several tiles, splits and lanes; sums both ways; a delay; updates
#: put off, with a decay and without.
KEYS = [
    "all spike",
    "propagate and learn",
    "post side",
    "summed, wide",
    "summed to pre, wide",
    "delays",
    "put off",
    "put off, wide",
]


@pytest.fixture(scope="module", autouse=True)
def _single_precision():
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float32
    yield
    prefs.core.default_float_dtype = before


@pytest.fixture(scope="module")
def stock():
    return {(key, seed): simulate_stock(key, seed)[1] for key in KEYS for seed in SEEDS}


def patched_copy(folder, patch):
    """Folder of a copy of the templates with a fault; a patch has to fit exactly."""
    copy = folder / "spikefa" / "dense"
    shutil.copytree(Path(spikefa.dense.__file__).parent, copy)
    command = ["patch", "--silent", "--fuzz=0", "-p1", "-i", patch]
    subprocess.run(command, cwd=folder, check=True)
    return copy


@pytest.fixture
def mutated(tmp_path, monkeypatch):
    """Let code objects use templates that are patched."""

    def plant(patch):
        from spikefa.dense.cuda import DenseCUDACodeObject, NeuronCUDACodeObject

        copy = patched_copy(tmp_path, patch)
        for owner in (DenseCUDACodeObject, NeuronCUDACodeObject):
            own = owner.templater
            templater = Templater(
                own.package_names, own.extension, own.env_globals, own.templates_dir
            )
            own_folders = zip(own.package_names, own.templates_dir, strict=True)
            first = [copy / name for package, name in own_folders if "dense" in package]
            loaders = [FileSystemLoader(first), templater.env.loader]
            templater.env.loader = ChoiceLoader(loaders)
            monkeypatch.setattr(owner, "templater", templater)

    return plant


def caught(program, stock):
    """Say how a fault was seen, or nothing."""
    for seed in SEEDS:
        states = []
        for order in ORDERS:
            try:
                states.append(program.run(seed, order))
            except subprocess.CalledProcessError as error:
                complaints = [x for x in error.stderr.splitlines() if "ERROR" in x]
                return complaints[0] if complaints else f"exit code {error.returncode}"
        for key in KEYS:
            assert CONFIGURATIONS[key].reference == "numpy"
            for name, value in stock[key, seed].items():
                try:
                    for state in states:
                        assert_same_state(state[key], {name: value})
                except AssertionError:
                    return f"{name} of '{key}' is not that of Synapses"
            for name, value in states[0][key].items():
                if not all(np.array_equal(s[key][name], value) for s in states):
                    return f"{name} of '{key}' depends on the order of blocks"
    return ""


@pytest.mark.parametrize("patch", MUTANTS, ids=lambda path: path.stem)
def test_patches_fit_the_templates(patch, tmp_path):
    """Not slow: templates change more often than the slow tests below run."""
    patched_copy(tmp_path, patch)


@pytest.mark.slow
@pytest.mark.compiles
def test_nothing_is_seen_without_a_fault(shim, tmp_path, stock):
    assert caught(Program(tmp_path / "project", KEYS), stock) == ""


@pytest.mark.slow
@pytest.mark.compiles
@pytest.mark.parametrize("patch", MUTANTS, ids=lambda path: path.stem)
def test_a_planted_fault_is_caught(
    patch, shim, mutated, tmp_path, stock, unseen, record_property
):
    mutated(patch)
    how = caught(Program(tmp_path / "project", KEYS), stock)
    record_property("caught", how)
    print(f"{patch.stem}: {how or 'not seen'}")
    assert bool(how) == (patch.stem not in unseen)
