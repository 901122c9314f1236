"""The decay of weights adds up, however little it is in a time step."""

import numpy as np
import pytest
from twin import open_plain, random_state, stimuli

from spikefa.equations.model import load_model
from spikefa.network.decay import DECAY_LAG, decay_rates, period_of
from spikefa.network.slow_decay import lost_in_single

PER_STEP = dict(decay="W *= exp(-gamma*elapsed_steps(t))")
PER_STEP["decay_bias"] = PER_STEP["decay"].replace("W", "b")
NO_LEARNING = dict(learn="W += 0*third_factor_post", learn_bias="b += 0*psi")


def open_decaying(**changes):
    model = load_model().replace(**NO_LEARNING | changes)
    return open_plain(model=model, device="numpy")


def weights(session):
    state = session.get_state()
    return {name: v for name, v in state.items() if name.endswith((".W", ".b"))}


def present(session, n_images, sizes):
    images, labels = stimuli(n_images)
    start, sizes = 0, list(sizes)
    while start < n_images:
        stop = min(n_images, start + sizes[0])
        sizes = sizes[1:] + sizes[:1]
        session.run(images[start:stop], labels[start:stop], seed=0)
        start = stop


def steps_decayed(n_steps, period):
    """The first step decays at once; then each period for all of its steps."""
    return 1 + period * ((n_steps - 1) // period)


@pytest.mark.parametrize("rate", [1e-3, 7e-6, 1.6e-6])
@pytest.mark.parametrize("sizes", [(12,), (3, 7, 2)])
def test_decay_adds_up_whatever_the_length_of_runs(rate, sizes):
    session = open_decaying(eta=0.5, gamma=2 * rate)
    period = session.network.decay_period
    assert rate * period <= DECAY_LAG or period == 1
    assert rate * 2 * period > DECAY_LAG
    session.set_state(random_state(session))
    before = weights(session)
    present(session, 27, sizes)
    n_steps = 5 * 27
    assert session.step == n_steps
    factor = np.exp(-rate * steps_decayed(n_steps, period))
    assert abs(np.log(factor) + rate * n_steps) <= max(DECAY_LAG, rate)
    n_decays = 1 + (n_steps - 1) // period
    for name, after in weights(session).items():
        expected = before[name].astype(float) * factor
        np.testing.assert_allclose(
            after, expected, rtol=1.2e-7 * n_decays, err_msg=name
        )


@pytest.mark.parametrize("own", ["layer_1_gamma", "layer_2_gamma", "output_gamma"])
def test_a_layer_without_decay_leaves_that_of_the_others(own):
    """Whichever of them comes first."""
    session = open_decaying(eta=0.5, gamma=0.02, **{own: 0.0})
    session.set_state(random_state(session))
    before = weights(session)
    present(session, 1, (1,))
    last = session.network.n_layers
    still = last if own == "output_gamma" else int(own.split("_")[1])
    for name, after in weights(session).items():
        layer = int(name.split(".")[0].split("_")[1])
        factor = 1.0 if layer == still else np.exp(-0.01 * 5)
        np.testing.assert_allclose(after, before[name] * factor, rtol=1e-5)


def test_a_decay_of_a_hundred_billionth_a_step_adds_up_over_chunks():
    """The paper's constants: 1e-3 times 1e-8, which no chunk can hold."""
    session = open_decaying(eta=1e-3, gamma=1e-8)
    period = session.network.decay_period
    assert period == 2**23
    session.set_state(random_state(session))
    before = weights(session)
    # Time can be set: two images before the decays at 1, 2 and 3 periods.
    for number in (1, 2, 3):
        session.step = 5 * (number * period // 5 - 2)
        present(session, 6, (1,))
    factor = np.exp(-1e-11 * 3 * period)
    assert 1 - factor > 2e-4
    for name, after in weights(session).items():
        # Single precision rounds 1 - 8.4e-5 to 6e-8: a decay is off by 0.04 %.
        expected = before[name].astype(float) * factor
        np.testing.assert_allclose(after, expected, rtol=3 * 1.2e-7, err_msg=name)


def test_evaluations_do_not_count_as_time_in_which_weights_decay():
    session = open_decaying(eta=0.5, gamma=2e-5)
    images, labels = stimuli(12)
    ends = []
    for evaluations in (0, 3):
        session.set_state(random_state(session))
        session.step = 0
        for _ in range(3):
            session.run(images, labels, seed=1)
            with session.evaluating():
                for _ in range(evaluations):
                    session.run(images, labels, seed=1, gates=session.learn_nothing)
        ends.append(weights(session))
    for name, value in ends[0].items():
        assert np.array_equal(value, ends[1][name]), name


def test_the_two_readings_of_the_decay():
    model = load_model().replace(eta=1e-3, gamma=1e-8)
    inside = decay_rates(model)
    outside = decay_rates(model.replace(**PER_STEP))
    assert inside == pytest.approx({"decay": 1e-11, "decay_bias": 1e-11}, rel=1e-3)
    assert outside == pytest.approx({"decay": 1e-8, "decay_bias": 1e-8}, rel=1e-3)


@pytest.mark.parametrize(
    ("statements", "rate"),
    [
        ("W *= 1", 0),
        ("", 0),
        (None, 0),
        ("W = W*exp(-0.1*elapsed_steps(t))", 1 - np.exp(-0.1)),
        ("W -= 0.25*W*elapsed_steps(t)", 0.25),
        ("W -= 0.25*W*abs(W)", np.nan),
        ("W *= exp(-gamma*h_post)", np.nan),
        ("W -= 0.001*sign(W)", np.nan),
        # Meant for a single step, or never the same for many at once.
        ("W *= 1 - 0.00001", np.nan),
        ("W = clip(W, -2, 2)", np.nan),
        ("W = clip(W*exp(-0.1*elapsed_steps(t)), -2, 2)", np.nan),
        ("W += 0.1*elapsed_steps(t)*(w_rest - W)", np.nan),
        # To a value at rest, or by the same for all: parts of the weight range.
        ("W += 1e-6*elapsed_steps(t)*(1.0 - W)", 2e-6 / 0.05),
        ("W -= 1e-6*elapsed_steps(t)*sign(W)", 1e-6 / 0.05),
    ],
)
def test_the_rate_is_read_from_the_statements(statements, rate):
    model = load_model().replace(decay=statements)
    assert decay_rates(model)["decay"] == pytest.approx(rate, nan_ok=True)


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        ("{0} += 1e-7*elapsed_steps(t)*(1.0 - {0})", lambda w: 1 - w),
        ("{0} -= 1e-7*elapsed_steps(t)*sign({0})", lambda w: -np.sign(w)),
    ],
)
def test_a_decay_to_rest_or_by_the_same_for_all_adds_up(decay, expected):
    session = open_decaying(decay=decay.format("W"), decay_bias=decay.format("b"))
    period = session.network.decay_period
    assert 8 <= period <= 64
    # Small weights, as there are: near 1 single precision rounds off a tenth of this.
    session.set_state({n: v / 10 for n, v in random_state(session).items()})
    before = weights(session)
    present(session, 60, (12,))
    n_steps = steps_decayed(300, period)
    for name, after in weights(session).items():
        change = 1e-7 * n_steps * expected(before[name].astype(float))
        found = after.astype(float) - before[name]
        far = np.abs(before[name]) > 1e-4  # from 0, where the sign changes
        found, change = found[far], np.broadcast_to(change, far.shape)[far]
        np.testing.assert_allclose(found, change, rtol=0.02, atol=1e-7, err_msg=name)


def test_a_decay_that_cannot_be_put_off_is_warned_of():
    model = load_model().replace(decay="W += eta*gamma*elapsed_steps(t)*(psi_post - W)")
    (line,) = lost_in_single(model)
    assert "decay: W changes by 1e-11 of itself in a time step" in line
    rest = model.replace(decay="W += eta*gamma*elapsed_steps(t)*(1.0 - W)")
    assert lost_in_single(rest) == []


def test_no_rate_no_decay():
    session = open_plain(model=load_model().replace(gamma=0.0), device="numpy")
    names = {obj.name for obj in session.network.brian_network.sorted_objects}
    assert not any(name.startswith("decay") for name in names)


def test_periods_are_powers_of_two_that_put_off_little():
    for rate in (1e-30, 1e-11, 3e-8, 1e-6, 2e-5, 1e-4, 0.5):
        period = period_of(rate)
        assert period == 2 ** int(np.log2(period))
        assert period == 1 or period * rate <= DECAY_LAG
    assert period_of(0.0) > 1e15
    assert period_of(np.nan) == 1
