"""Forward weights that spikes read in 16 bits, and that learn in 32."""

import numpy as np
import pytest
from twin import CHUNK_IMAGES, N_CLASSES, SIZES, random_state, stimuli

from spikefa import Architecture, InputError, ModelError, load_model, open_session


def open_with(weight_bits, rule="fa", device="cpp", model=None, **choices):
    architecture = Architecture(
        SIZES,
        n_classes=N_CLASSES,
        chunk_images=CHUNK_IMAGES,
        weight_bits=weight_bits,
        **choices,
    )
    return open_session(architecture, model or load_model(), rule, device=device)


def rounded(numbers):
    """To 8 significant bits, to the nearest."""
    mantissa, exponent = np.frexp(numbers)
    return np.ldexp(np.rint(mantissa * 256) / 256, exponent).astype(np.float32)


@pytest.fixture(scope="module")
def sessions():
    found = {bits: open_with(bits) for bits in (16, 32)}
    yield found
    for session in found.values():
        session.close()


def shown(session, state, learning):
    """Show images from a state; return outputs and the state after them."""
    session.set_state(state)
    session.step = 0
    gates = [learning] * (len(SIZES))
    result = session.run(*stimuli(CHUNK_IMAGES), seed=1, gates=gates)
    return result.output, session.get_state()


@pytest.mark.long
@pytest.mark.compiles
def test_activity_is_that_of_rounded_weights(sessions):
    state = random_state(sessions[32])
    coarse = {n: rounded(v) if n.endswith(".W") else v for n, v in state.items()}
    expected, _ = shown(sessions[32], coarse, learning=False)
    found, after = shown(sessions[16], state, learning=False)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    other, _ = shown(sessions[32], state, learning=False)
    assert np.abs(found - other).max() > 1e-3
    for name in (n for n in state if n.endswith(".W")):
        assert after[name].tobytes() == state[name].tobytes()


@pytest.mark.long
@pytest.mark.compiles
def test_weights_learn_in_full(sessions):
    """Changes that are far below what the copy can tell from nothing add up."""
    state = random_state(sessions[32])
    changes = {}
    for bits, session in sessions.items():
        _, after = shown(session, state, learning=True)
        changes[bits] = after["forward_1.W"] - state["forward_1.W"]
    moved = changes[32] != 0
    assert moved.mean() > 0.2
    assert np.abs(changes[32])[moved].mean() < 2**-9 * 0.4
    # Spikes drawn with nearly the same probabilities: most increments are the same.
    size = np.linalg.norm(changes[32])
    assert np.linalg.norm(changes[16] - changes[32]) < 0.5 * size


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"weight_bits": 8}, "got 8"),
        ({"engine": "stock"}, "dense engine"),
        ({"sparse": True}, "mask"),
        ({"precision": "double"}, "single precision"),
        ({"put_off": 0}, "put off"),
        ({"device": "numpy"}, "device 'cpp'"),
        ({"device": "runtime"}, "device 'cpp'"),
        ({"model": load_model(rate=True)}, "spiking"),
    ],
)
def test_refused_in_one_line(choices, named):
    with pytest.raises(InputError, match=named) as caught:
        open_with(**{"weight_bits": 16} | choices)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rule", ["bp", "sign", "kp"])
def test_rules_that_read_the_weights_backwards_are_refused(rule):
    with pytest.raises(
        ModelError, match="a rule under which only spikes read W"
    ) as caught:
        open_with(16, rule)
    assert "\n" not in str(caught.value)
