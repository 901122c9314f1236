"""The dense kernels, as generated, run thread by thread and agree with `Synapses`.

The shim draws the order of blocks and threads, fills memory with garbage, keeps what a
block has not fenced from the others, and ends the program if a thread leaves the arrays
that it may use, or if two threads use an address with no barrier between them.
"""

import numpy as np
import pytest
from brian2 import prefs
from dense_networks import CONFIGURATIONS, SEEDS, spike_train
from kernels import KEYS, ORDERS, Program, assert_same_state, simulate_stock


@pytest.fixture(scope="module")
def program(tmp_path_factory, module_shim, unlinked):
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float32
    keys = [key for key in KEYS if key not in unlinked]
    yield Program(tmp_path_factory.mktemp("kernels") / "project", keys)
    prefs.core.default_float_dtype = before


@pytest.fixture(scope="module")
def stock():
    """State before and after a run with `Synapses` at runtime."""
    known = {}

    def run(key, seed):
        if (key, seed) not in known:
            before = prefs.codegen.target
            prefs.codegen.target = CONFIGURATIONS[key].reference
            known[key, seed] = simulate_stock(key, seed)
            prefs.codegen.target = before
        return known[key, seed]

    return run


def _cases():
    """All configurations; those whose reference has to be compiled too are slow."""
    for key in KEYS:
        compiled = CONFIGURATIONS[key].reference != "numpy"
        yield pytest.param(key, marks=[pytest.mark.slow] if compiled else [])


@pytest.mark.compiles
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", _cases())
def test_kernels_agree_with_stock(key, seed, order, program, stock):
    found = program.run(seed, order)[key]
    before, expected = stock(key, seed)
    assert_same_state(found, expected)
    changed = any(np.any(before[name] != expected[name]) for name in expected)
    assert changed == (key != "silent"), "the configuration tests nothing"


@pytest.mark.compiles
@pytest.mark.parametrize("key", KEYS)
def test_results_do_not_depend_on_the_order_of_blocks(key, program):
    first, *others = [program.run(SEEDS[0], order)[key] for order in ORDERS]
    for other in others:
        for name, value in first.items():
            assert np.array_equal(other[name], value), name


@pytest.fixture(scope="module")
def accesses(program, tmp_path_factory):
    """Loads and stores of the weights of a configuration, by kernel and launch."""
    counts = tmp_path_factory.mktemp("counts") / "counts"
    program.run(SEEDS[0], 0, str(counts))

    def of(key):
        array, launches = f"dev_array_{program.parts[key].synapses.name}_w", {}
        for line in counts.read_text().splitlines():
            kernel, name, *numbers = line.split()
            if name == array:
                launches.setdefault(kernel, []).append(list(map(int, numbers)))
        return launches

    return of


@pytest.mark.compiles
def test_each_weight_of_a_spiking_row_is_read_once_and_written_once(accesses):
    key = "propagate and learn"
    n_post, launches = CONFIGURATIONS[key].n_post, accesses(key)
    expected = spike_train(SEEDS[0])[:, : CONFIGURATIONS[key].n_pre].sum(1) * n_post
    writing = {kernel: any(row[1] for row in rows) for kernel, rows in launches.items()}
    assert sorted(writing.values()) == [False, True]  # transmit and learn
    for kernel, rows in launches.items():
        writes = int(writing[kernel])
        # A launch in which nothing spikes touches no weight and has no line.
        assert len(rows) == np.count_nonzero(expected) > 12
        for (loads, stores, loaded, stored, most_loads, most_stores), n in zip(
            rows, expected[expected > 0], strict=True
        ):
            assert loads == loaded == n
            assert stores == stored == writes * n
            assert most_loads == 1
            assert most_stores == writes


@pytest.mark.compiles
def test_updates_put_off_are_written_once_in_several_steps(accesses):
    key = "put off, wide"
    config, launches = CONFIGURATIONS[key], accesses(key)
    spikes = [s for s in spike_train(SEEDS[0])[:, : config.n_pre] if s.any()]
    starts = range(0, len(spikes), config.put_off)
    updated = [np.any(spikes[i : i + config.put_off], axis=0).sum() for i in starts]
    assert len(starts) == 4
    assert len(spikes) % config.put_off, "the last ones are made when the run ends"
    transmit, *made = sorted(launches.values(), key=lambda rows: rows[0][1] > 0)
    for row, spiked in zip(transmit, spikes, strict=True):
        assert row == [spiked.sum() * config.n_post, 0] * 2 + [1, 0]
    for row, n_rows in zip(sum(made, []), updated, strict=True):
        assert row == [n_rows * config.n_post] * 4 + [1, 1]
