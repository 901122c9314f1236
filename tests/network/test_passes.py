"""``passes(t)``, what is made of it, and weights that decay at a rate that changes.

That plasticity follows a schedule of eta in every rule, engine and device, with
updates that are put off, the oracle shows: the model of its tests has one.
"""

import numpy as np
import pytest
from spikefa.models import eta_annealed
from twin import open_plain, random_state, stimuli

from spikefa.equations.model import load_model
from spikefa.equations.parameters import replace_parameters
from spikefa.errors import InputError, ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model
from spikefa.network.decay import DECAY_LAG, decay_rates

NO_LEARNING = dict(learn="W += 0*third_factor_post", learn_bias="b += 0*psi")


def open_watching(steps=5, **kwds):
    """Open a session whose input neurons know how far learning is."""
    base = load_model()
    model = base.replace(
        input_neuron=base["input_neuron"] + "seen = passes(t) : 1",
        precision={"seen": "double"},
    )
    record = {"layer_0.seen": [0]}
    kwds = {"device": "numpy"} | kwds
    return open_plain(model=model, record=record, steps=steps, **kwds)


def seen(session, n_images, **kwds):
    """What passes(t) was in each step of a run."""
    images, labels = stimuli(n_images)
    result = session.run(images, labels, seed=1, **kwds)
    return result.records["layer_0.seen"].values[:, 0]


def test_passes_go_on_from_run_to_run_image_by_image():
    session = open_watching()
    session.pass_length = 60_000, 5
    found = np.concatenate([seen(session, n) for n in (3, 1, 12, 4)])
    assert found.dtype == np.float64
    assert np.array_equal(found, np.repeat(np.arange(20), 5) / 60_000)


def test_an_image_may_take_several_of_the_networks_units():
    session = open_watching(steps=2)
    session.pass_length = 10, 6
    found = seen(session, 9)
    assert np.array_equal(found, np.repeat(np.arange(3), 6) / 10)


def test_passes_stand_still_in_an_evaluation():
    session = open_watching()
    session.pass_length = 10, 5
    seen(session, 4)
    with session.evaluating():
        for _ in range(2):
            found = seen(session, 3, gates=session.learn_nothing)
            assert np.array_equal(found, np.full(15, 0.4))
    assert seen(session, 1)[0] == 0.4


def test_no_image_is_lost_after_thousands_of_passes():
    """Of a run that starts at another step, as a resumed one does."""
    session = open_watching()
    session.pass_length = 60_000, 5
    start = 999_999_999  # images: 17,000 passes; single precision resolves 0.002 there
    session.step = 5 * start
    found = seen(session, 3)
    assert np.array_equal(found, np.repeat(start + np.arange(3), 5) / 60_000)


@pytest.mark.slow
@pytest.mark.parametrize("device", ["runtime", "cpp"])
@pytest.mark.parametrize("engine", ["stock", "dense"])
def test_programs_count_the_same(device, engine):
    with open_watching(device=device, engine=engine) as session:
        session.pass_length = 60_000, 5
        session.step = start = 5 * 10**8
        found = np.concatenate([seen(session, n) for n in (3, 12)])
        expected = np.repeat(start // 5 + np.arange(15), 5) / 60_000
        assert np.array_equal(found, expected)


def test_how_many_images_a_pass_has_must_be_known():
    session = open_watching()
    session._pass_length = None  # as `open_session` leaves it
    with pytest.raises(InputError, match="set pass_length of the session"):
        seen(session, 1)
    for wrong in ((0, 5), (10, 0), (10, 3)):
        with pytest.raises(InputError, match="multiples of 5 time steps"):
            session.pass_length = wrong


def check(**changes):
    architecture = Architecture((7, 6, 5, 10), engine="stock")
    check_model(architecture, load_model().replace(**changes), get_rule("fa"))


@pytest.mark.parametrize(
    "changes",
    [
        dict(eta="0.01/(1 + passes(t))"),
        dict(eta="0.01*int(passes(t) < 12) + 0.001"),
        dict(eta="top*exp(-passes(t)/5)", top="0.1*tau"),
        dict(eta="top*falling", top=0.01, falling="0.5**passes(t)"),
        dict(eta="0.01*exp(-t/(1000*second))"),
        dict(spike="rand() < phi*growing", growing="1 - 0.5**(1 + passes(t))"),
    ],
)
def test_schedules_that_are_taken(changes):
    check(**changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (dict(eta="0.01*exp(-pases(t))"), "unknown name 'pases'"),
        (dict(eta="top*passes(t)"), "unknown name 'top'"),
        (dict(eta="0.01/passes(t)"), "division by zero"),
        (dict(eta="0.01*exp(1000*(1 - exp(-passes(t))))"), "is inf after"),
        (dict(eta="0.01*(1 - passes(t)/40)"), "is below 0 after 40.5 passes"),
        (dict(eta="0.01*ms*passes(t)"), "without units"),
        (dict(eta="2*x*passes(t)", x="eta"), "goes round in a circle"),
        (dict(tau="0.9*0.5**passes(t)"), "cannot change with time"),
        (dict(gamma="1e-8*passes(t)"), "cannot change with time"),
        (dict(dt="1*ms*(1 + passes(t))"), "cannot change with time"),
    ],
)
def test_schedules_that_are_refused(changes, reason):
    with pytest.raises(ModelError) as caught:
        check(**changes)
    assert reason in str(caught.value)
    assert next(iter(changes)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_schedule_is_not_lost_to_an_option():
    model = load_model(eta_annealed.__file__)
    changed = replace_parameters(model, {"eta_0": "0.02"})
    assert changed["learn_bias"] == (
        "b += (eta_0*clip(0.1**((passes(t) - eta_held)/eta_passes), 0, 1))"
        "*psi*third_factor"
    )
    assert changed["eta_0"] == 0.02
    with pytest.raises(InputError, match="set eta_0 or eta_held or eta_passes instead"):
        replace_parameters(model, {"eta": "0.02"})


def annealing(**changes):
    """A model in which weights do nothing but decay, the slower the later."""
    model = load_model(eta_annealed.__file__)
    return model.replace(**NO_LEARNING | changes)


@pytest.mark.parametrize(
    "sizes", [(3, 7, 2), pytest.param((12,), marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(("rate", "period"), [(2e-3, 1), (1.2e-5, 8)])
@pytest.mark.parametrize("held", [-1, 0, 2])
def test_decay_follows_the_schedule(held, rate, period, sizes):
    """The sum of all decays is that of the schedule, whatever runs and periods.

    With eta constant weights would lose five times as much, or three times as much as
    with one that is held for two passes. A period off is what is allowed, a sixth of
    the sum where there are periods.
    """
    model = annealing(eta_0=0.5, eta_held=held, eta_passes=8.0, gamma=2 * rate)
    session = open_plain(model=model, device="numpy")
    session.pass_length = 3, 5
    assert session.network.decay_period == period
    assert period == 1 or rate * period < DECAY_LAG
    session.set_state(random_state(session))
    before = session.get_state()
    n_images, start, sizes = 48, 0, list(sizes)
    images, labels = stimuli(n_images)
    while start < n_images:
        stop = min(n_images, start + sizes[0])
        sizes = sizes[1:] + sizes[:1]
        session.run(images[start:stop], labels[start:stop], seed=0)
        start = stop
    fallen = np.maximum(np.arange(5 * n_images) // 5 / 3 - held, 0) / 8
    at_step = rate * 0.1**fallen
    total = at_step.sum()
    assert at_step[-1] < at_step[0] / 50
    allowed = rate * period if period > 1 else 0
    assert allowed < total / 5
    n_decays = 1 + (5 * n_images - 1) // period
    for name, after in session.get_state().items():
        if not name.endswith((".W", ".b")):
            continue
        expected = before[name].astype(float) * np.exp(-total)
        rounding = 1.2e-7 * n_decays
        np.testing.assert_allclose(after, expected, rtol=allowed + rounding)


@pytest.mark.parametrize("schedule", ["0.1**(passes(t)/8)", "1 - 0.1**(passes(t)/8)"])
def test_the_largest_rate_says_how_long_a_decay_waits(schedule):
    model = load_model().replace(eta=f"0.01*({schedule})", gamma=1e-4)
    rates = decay_rates(model)
    assert rates == pytest.approx({"decay": 1e-6, "decay_bias": 1e-6}, rel=1e-3)
