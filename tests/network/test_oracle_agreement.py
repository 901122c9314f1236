"""The network against the NumPy oracle, given the same random numbers."""

import numpy as np
import pytest
from oracle import Oracle
from twin import (
    BACKENDS,
    ENGINES,
    FORCED_MODEL,
    Twin,
    open_forced,
    stimuli,
)

from spikefa.equations.model import load_model

#: Images per run: most runs are one image, after which everything is compared; the
#: longer ones have image switches inside. 120 steps in all.
RUNS = (1, 1, 1, 1, 1, 2, 5, 12)


def follow(twin, runs=RUNS, **kwds):
    """Show images run by run, comparing after each; return the largest deviations."""
    images, labels = stimuli(sum(runs))
    largest, start = {}, 0
    for n_images in runs:
        here = slice(start, start + n_images)
        found = twin.run(images[here], labels[here], **kwds) | twin.compare()
        largest = {k: max(v, largest.get(k, 0.0)) for k, v in found.items()}
        start += n_images
    return largest


@pytest.mark.parametrize("forced", BACKENDS, indirect=True)
def test_network_follows_the_oracle(forced):
    twin = Twin(forced)  # starts anew
    before = forced.get_state()
    deviations = follow(twin)
    assert set(deviations) == {"output", "psp", "delta", "h", "W", "b", "B"}
    # None of it agreed because nothing happened.
    after = forced.get_state()
    for layer in range(1, 5):
        for name in (f"forward_{layer}.W", f"layer_{layer}.b", f"layer_{layer}.h"):
            assert np.abs(after[name] - before[name]).max() > 1e-3, name


@pytest.mark.parametrize("forced", BACKENDS, indirect=True)
def test_network_is_no_further_off_than_single_precision_explains(forced):
    """The deviation is that of the oracle itself when it computes in float32."""
    images, labels = stimuli(12)
    oracles = []
    for dtype in (np.float32, np.float64):
        twin = Twin(forced, dtype=dtype)  # starts anew
        twin.run(images, labels)
        twin.compare()
        oracles.append(twin.oracle)
    rounded, exact = oracles
    found = forced.get_state()
    for layer in range(1, 5):
        for name, variable in (("forward", "W"), ("layer", "b"), ("layer", "h")):
            expected = getattr(exact, variable)[layer]
            single = getattr(rounded, variable)[layer]
            assert single.dtype == np.float32
            allowed = 10 * np.abs(single - expected).max() + 1e-7
            off = np.abs(found[f"{name}_{layer}.{variable}"] - expected).max()
            assert off < allowed, (name, layer)


@pytest.mark.parametrize(
    ("rule", "engine"),
    [(rule, "stock") for rule in ("dfa", "bp", "sign", "kp", "shallow")]
    + [
        pytest.param(rule, "dense", marks=pytest.mark.slow)
        for rule in ("bp", "sign", "kp")
    ],
)
def test_every_rule_follows_the_oracle(rule, engine):
    session = open_forced(rule, engine=engine, device="numpy", recording=True)
    follow(Twin(session), runs=(1, 1, 3, 7))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("device", ["runtime", "cpp"])
@pytest.mark.parametrize("rule", ["dfa", "bp", "sign", "kp", "shallow"])
def test_every_rule_compiled_follows_the_oracle(rule, device, engine):
    with open_forced(rule, engine=engine, device=device, recording=True) as session:
        follow(Twin(session), runs=(1, 1, 3, 7))


@pytest.mark.parametrize("forced", BACKENDS, indirect=True)
@pytest.mark.parametrize(
    "gates",
    [
        pytest.param((0, 0, 0, 0, 0), id="nothing"),
        pytest.param((1, 0, 0, 0, 0), id="deltas-only"),
        pytest.param((1, 0, 1, 0, 1), id="layers-2-and-4"),
    ],
)
def test_gates_stop_the_backward_sweep_or_plasticity(gates, forced):
    twin = Twin(forced)
    before = forced.get_state()
    images, labels = stimuli(6)
    if not gates[0]:  # not updated, and so not part of the comparison
        twin.oracle.delta[4][...] = before["delta_4.delta"]
    twin.run(images, labels, gates=np.array(gates, bool))
    twin.compare()
    after = forced.get_state()
    for layer in range(1, 5):
        for name in (f"forward_{layer}.W", f"layer_{layer}.b"):
            assert np.array_equal(after[name], before[name]) is not bool(gates[layer])
    for layer in range(1, 4):
        name = f"delta_{layer}.delta"
        assert np.array_equal(after[name], before[name]) is not bool(gates[0])


class DelayedSpikes(Oracle):
    """Spikes reach the next layer one step after they were fired."""

    def _draw(self, layer, probability, uniforms):
        late = getattr(self, "late", {})
        super()._draw(layer, probability, uniforms)
        now = self.spikes[layer]
        self.spikes[layer] = late.get(layer, np.zeros_like(now))
        self.late = late | {layer: now}


class DelayedError(Oracle):
    """Deltas use the third factor that the layer above had a step ago."""

    def step(self, *args, **kwds):
        self.old = {n: np.tanh(self.delta[n]) for n in self.delta}
        super().step(*args, **kwds)

    def feedback(self, layer):
        return self.old[layer + 1] @ self.B[layer]


class LinearThirdFactor(Oracle):
    """phi_d is the identity."""

    def third_factor(self, layer):
        return self.delta[layer]


class NoSlope(Oracle):
    """psi is a constant."""

    def psi(self, layer):
        return np.full_like(self.h[layer], 0.25)


class NoDecay(Oracle):
    """Weights do not decay."""

    def _learn(self, layer):
        self.gamma = 0.0
        super()._learn(layer)


class ConstantEta(Oracle):
    """eta does not follow its schedule."""

    def step(self, *args, **kwds):
        self.eta = 0.05
        super().step(*args, **kwds)


class FixedBiases(Oracle):
    """Biases do not learn."""

    def _learn(self, layer):
        before = self.b[layer].copy()
        super()._learn(layer)
        self.b[layer][...] = before


class TauKeeps(Oracle):
    """tau is the part that is kept."""

    def __init__(self, *args, **kwds):
        super().__init__(*args, **kwds, tau=0.1)


@pytest.fixture(scope="module")
def opened():
    return {}


@pytest.fixture
def through_numpy(opened):
    """Open stock sessions that differ in gamma and eta, each once."""

    def open_once(**changes):
        key = tuple(changes.items())
        if key not in opened:
            model = load_model(FORCED_MODEL).replace(**changes)
            opened[key] = open_forced(model=model, device="numpy")
        return opened[key]

    return open_once


@pytest.mark.parametrize(
    "wrong",
    [
        DelayedSpikes,
        DelayedError,
        LinearThirdFactor,
        NoSlope,
        NoDecay,
        ConstantEta,
        FixedBiases,
        TauKeeps,
    ],
)
def test_the_comparison_would_see_a_wrong_network(wrong, through_numpy):
    twin = Twin(through_numpy(), oracle_class=wrong)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        follow(twin, runs=(12,))


def test_decay_is_that_of_the_paper_to_first_order(through_numpy):
    """W <- W + dW - gamma W at every step, as the paper has it.

    W <- W + dW - eta gamma W, with eta = 0.05. Second order is what differs: at most
    eta gamma dW plus (eta gamma)**2 W / 2 in each of 65 steps, 8e-6 here, where the
    decay itself is 5e-4. It is made every 8 steps, the last time in the last of them.
    """
    session = through_numpy(gamma=2e-4, halving=1e9)
    twin = Twin(session, decay="subtracted")
    images, labels = stimuli(13)
    for here in (slice(0, 1), slice(1, 5), slice(5, 13)):
        session.run(images[here], labels[here], seed=1)
        for t in range(5 * (here.stop - here.start)):
            image = here.start + t // 5
            twin.oracle.step(
                images[image], labels[image], twin.numbers(5 * here.start + t)
            )
    assert twin.oracle.margin > 1e-4
    for layer in range(1, 5):
        np.testing.assert_allclose(
            session.get_state()[f"forward_{layer}.W"], twin.oracle.W[layer], atol=1e-5
        )
