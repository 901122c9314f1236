"""What equations ask of the images: what is shown now, and what there is."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, STEPS, model_of, opened, psp, started, trained

from spikefa import Architecture, open_session
from spikefa.errors import ModelError


def refusal(folder, source, **how):
    with pytest.raises(ModelError) as caught:
        opened(model_of(folder, source), **how)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "input_neuron = 'pixel = images(t - 5*ms, i) : 1; phi = pixel : 1'",
            "input_neuron: 'images(t - 5 * ms, i)': only what is shown now is known; "
            "the time has to be t, as in 'images(t, i)'",
        ),
        (
            "target = 'target = int(labels(t + dt) == class_index) : 1\\n"
            "class_index : integer (constant)'",
            "target: 'labels(t + dt)'",
        ),
        ("spike = 'images(lastspike, i) > 0.5'", "spike: 'images(lastspike, i)'"),
        ("learn = 'W += dW*images(0*ms, i)'", "learn: 'images(0 * ms, i)'"),
        ("eta = '0.1**passes(t - 1*ms)'", "'passes(t - 1 * ms)'"),
        ("decay = 'W *= exp(-gamma*elapsed_steps(2*t))'", "'elapsed_steps(2 * t)'"),
    ],
)
def test_another_time_than_now_is_refused(source, words, tmp_path):
    source = source.replace("; phi", "\\nphi")
    assert words in refusal(tmp_path, psp() + source + "\n")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (psp("b + drive + images(t, i)"), "'images(t, i)' goes to i = 11, but there"),
        (psp("b + drive + images(t, i - 1)"), "goes to i - 1 = -1, but there are 8"),
        (psp("b + drive + images(t, 8)"), "goes to 8 = 8, but there are 8 pixels"),
        (psp() + "spike = 'h > images(t, 2*i)'\n", "spike: 'images(t, 2 * i)' goes to"),
        (psp() + "transmit = 'drive_post += W*images(t, j)'\n", "goes to j = 11"),
    ],
)
def test_pixels_that_there_are_not(source, words, tmp_path):
    assert words in refusal(tmp_path, source, sizes=(8, 12, 3))


def test_pixels_that_there_are(tmp_path):
    source = psp("b + drive + images(t, i % 8) + images(t, 7)")
    opened(model_of(tmp_path, source), sizes=(8, 12, 3))


def test_what_follows_from_variables_is_no_number_beyond_the_pixels(tmp_path):
    source = psp("0*(b + drive) + seen").replace(
        "drive : 1",
        "seen = images(t, place) : 1 (constant over dt)\nplace : integer\ndrive : 1",
    )
    source += "initial = {'place': 'i'}\nreset = ''\n"
    record = {"layer_1.seen": True}
    session = started(model_of(tmp_path, source), sizes=(8, 12, 3), record=record)
    result = session.run(IMAGES, LABELS, seed=1, gates=session.learn_nothing)
    seen = result.records["layer_1.seen"].values
    np.testing.assert_array_equal(seen[:, :8], np.repeat(IMAGES, STEPS, axis=0))
    assert np.isnan(seen[:, 8:]).all()


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "exact"])
def test_an_integration_sees_the_image_of_its_step(method, tmp_path):
    """Stages of a step lie half a step and a step later, where another one begins."""
    source = psp("0*(b + drive) + images(t, i)") + "reset = ''\n"
    model = model_of(tmp_path, source + f"method = '{method}'\ntau_m = 3*ms\n")
    _, result = trained(model, record={"layer_1.h": True})
    steps = {"euler": 1 - 1 / 3, "exact": np.exp(-1 / 3)}
    steps["rk2"] = steps["euler"] + 1 / 18
    steps["rk4"] = steps["rk2"] - 1 / 162 + 1 / 1944
    h, expected = np.zeros(6), []
    for pixels in np.repeat(IMAGES[:, :6], STEPS, axis=0):
        h = pixels + (h - pixels) * steps[method]
        expected.append(h)
    np.testing.assert_allclose(
        result.records["layer_1.h"].values, expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.long
@pytest.mark.compiles
def test_a_program_does_not_read_behind_the_images(tmp_path):
    """Device cpp: a refusal where it can be known, else no number."""
    model = model_of(tmp_path, psp("b + drive + images(t, i)"))
    architecture = Architecture((8, 12, 3), n_classes=3, chunk_images=12)
    with pytest.raises(ModelError, match="goes to i = 11, but there are 8 pixels"):
        open_session(architecture, model, device="cpp")
    source = psp("0*(b + drive) + images(t, place)").replace(
        "drive : 1", "place : integer\ndrive : 1"
    )
    source += "initial = {'place': 'i'}\nreset = ''\nspike = 'h > 10'\n"
    model, record = model_of(tmp_path, source), {"layer_1.h": True}
    from spikefa import set_initial_state

    with open_session(architecture, model, device="cpp", record=record) as session:
        set_initial_state(session, 1)
        result = session.run(IMAGES, LABELS, seed=1, gates=session.learn_nothing)
    h = result.records["layer_1.h"].values
    assert np.isfinite(h[:, :8]).all()
    assert np.isnan(h[:, 8:]).all()
