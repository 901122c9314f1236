"""What users write with all-to-all synapses: number by number as with `Synapses`."""

import numpy as np
import pytest
from brian2 import (
    BrianObjectException,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    seed,
    set_device,
)
from brian2.devices.device import reset_device
from constructions import ANYWHERE, AT_RUNTIME
from standalone import compile_here

from spikefa.dense import DenseSynapses

CONSTRUCTIONS = ANYWHERE | AT_RUNTIME

#: What is refused where traces are kept once for each neuron, as NumPy code does not.
REFUSED = {
    "time constants between runs",
    "shared time constants between runs",
    "traces set between runs",
}


@pytest.fixture(autouse=True, scope="module")
def _double_precision():
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float64
    yield
    prefs.core.default_float_dtype = before


#: Where NumPy code computes other numbers: it reads all values before it writes any,
#: and draws all numbers of one function before those of another.
ONE_BY_ONE = {"read and written in one statement", "random numbers of a seed"}


def expect(name, construction):
    """What `Synapses` leave, by NumPy code where it does the same.

    Their Cython code counts events by an ``i`` of its own (Brian2 2.10 and 2.11): where
    a statement reads ``i``, it does not compile, or never ends.
    """
    prefs.codegen.target = "cython" if name in ONE_BY_ONE else "numpy"
    return results(construction, Synapses)


def results(construction, synapses_class):
    """What a construction leaves at runtime."""
    defaultclock.dt = 0.1 * ms
    seed(1)
    # Copied: views of `Synapses` are not valid for longer than they are.
    return [np.array(value) for value in construction(synapses_class)()]


def compare(found, expected):
    assert len(found) == len(expected)
    for number, (dense, stock) in enumerate(zip(found, expected, strict=True)):
        dense, stock = np.asarray(dense), np.asarray(stock)
        assert dense.shape == stock.shape, f"value {number}"
        np.testing.assert_allclose(
            dense, stock, rtol=1e-9, atol=1e-12, err_msg=f"value {number}"
        )
    assert any(np.ptp(value) for value in expected if np.size(value)), "tests nothing"


@pytest.mark.parametrize(
    "target",
    ["numpy", pytest.param("cython", marks=pytest.mark.slow)],
    indirect=True,
)
@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_at_runtime(name, target):
    if target == "numpy":
        expected = results(CONSTRUCTIONS[name], Synapses)
    else:
        expected = expect(name, CONSTRUCTIONS[name])
    prefs.codegen.target = target
    if target == "cython" and name in REFUSED:
        with pytest.raises((NotImplementedError, BrianObjectException)) as caught:
            results(CONSTRUCTIONS[name], DenseSynapses)
        error = caught.value.__cause__ or caught.value
        assert isinstance(error, NotImplementedError)
        assert "use Synapses" in str(error)
        return
    compare(results(CONSTRUCTIONS[name], DenseSynapses), expected)


@pytest.mark.slow
@pytest.mark.compiles
@pytest.mark.parametrize("threads", [0, 2])
def test_in_one_program(threads, tmp_path, target):
    expected = {name: expect(name, make) for name, make in ANYWHERE.items()}
    standalone = prefs.devices.cpp_standalone
    before = standalone.openmp_threads
    standalone.openmp_threads = threads
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    try:
        defaultclock.dt = 0.1 * ms
        readers = {name: make(DenseSynapses) for name, make in ANYWHERE.items()}
        compile_here(tmp_path)
        device.run(with_output=False)
        for name, read in readers.items():
            try:
                compare(read(), expected[name])
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error
    finally:
        device.reinit()
        device.activate()
        reset_device()
        standalone.openmp_threads = before
