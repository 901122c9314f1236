"""What is evaluated once a step has the value of its place in the time step."""

import sys
from pathlib import Path

import numpy as np
import pytest
from brian2 import Equations

from spikefa.network.once_a_step import evaluated_once

sys.path.append(str(Path(__file__).parents[1] / "models"))
from small_models import IMAGES, STEPS, model_of, psp, started, trained

MARK = "(constant over dt)"


def test_an_input_current_that_is_marked_has_the_value_of_this_step(tmp_path):
    source = psp("a + 0*(b + drive)").replace(
        "drive : 1", f"a = 2*c : 1 {MARK}\nc = images(t, i) : 1 {MARK}\ndrive : 1"
    )
    model = model_of(tmp_path, source + "reset = ''\n")
    _, result = trained(model, record={"layer_1.h": True, "layer_1.a": True})
    h, expected = np.zeros(6), []
    for pixels in np.repeat(IMAGES[:, :6], STEPS, axis=0):
        h = 2 * pixels + (h - 2 * pixels) * np.exp(-1)
        expected.append(h)
    found = result.records["layer_1.h"].values
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        result.records["layer_1.a"].values, 2 * np.repeat(IMAGES[:, :6], STEPS, axis=0)
    )


@pytest.mark.parametrize(
    "source",
    [
        psp("b + sent").replace("drive : 1", "sent = 2*drive : 1 {}\ndrive : 1"),
        psp() + "delta_neuron = '''\nddelta/dt = (got - delta)/tau_m : 1\n"
        "got = 2*feedback : 1 {}\n'''\n",
        psp() + "input_neuron = '''\ndx/dt = (seen - x)/tau_m : 1\n"
        "seen = images(t, i) : 1 {}\npixel = x : 1\nphi = x : 1\n'''\n",
    ],
    ids=["forward", "delta", "input"],
)
def test_a_mark_changes_nothing_of_what_is_the_same_all_step(source, tmp_path):
    ends = []
    for mark in ("", MARK):
        session, result = trained(model_of(tmp_path, source.format(mark)))
        ends.append({"output": result.output} | session.get_state())
    assert ends[0]["delta_1.delta"].any()
    for name in ("output", "layer_1.h", "delta_1.delta", "forward_1.W", "forward_2.W"):
        np.testing.assert_allclose(ends[0][name], ends[1][name], 1e-6, 1e-7)


def test_a_random_number_is_drawn_once_a_step_for_all_that_use_it(tmp_path):
    source = psp("noise + 0*(b + drive)").replace(
        "drive : 1", f"noise = rand() : 1 {MARK}\ndrive : 1"
    )
    model = model_of(tmp_path, source + "reset = ''\n")
    record = {"layer_1.h": True, "layer_1.noise": True}
    _, result = trained(model, record=record)
    noise, h = (result.records[f"layer_1.{n}"].values for n in ("noise", "h"))
    before = np.vstack([np.zeros(6), h[:-1]])
    np.testing.assert_allclose(
        h, noise + (before - noise) * np.exp(-1), rtol=1e-5, atol=1e-6
    )
    assert len(np.unique(noise)) == noise.size


def test_phi_is_that_before_the_reset_if_the_integration_needs_it_too(tmp_path):
    """phi and psi are learned from, and a reset would set them to those of h = 0."""
    ends = []
    for phi in ("phi", "(1/(1 + exp(-h)))", "half*2"):
        source = psp(f"b + drive - 0.1*{phi}") + "method = 'euler'\neta = 0.05\n"
        if "half" in phi:
            source = source.replace("drive : 1", "half = phi/2 : 1\ndrive : 1")
        session, result = trained(model_of(tmp_path, source))
        ends.append({"output": result.output} | session.get_state())
    assert (
        ends[0]["forward_1.W"]
        != started(session.network.model).get_state()["forward_1.W"]
    ).any()
    for name in ("output", "layer_1.b", "forward_1.W", "forward_2.W", "forward_3.W"):
        for other in ends[1:]:
            np.testing.assert_allclose(
                ends[0][name], other[name], 1e-5, 1e-6, str(name)
            )


def test_what_no_integration_needs_stays_as_it_is():
    equations = Equations(
        "dh/dt = (a - h)/(1*ms) : 1\na : 1\nphi = exp(h) : 1\npsi = phi**2 : 1"
    )
    once = evaluated_once(equations)
    assert list(once) == list(equations)
    for name in equations:
        assert once[name].expr == equations[name].expr
    marked = {name for name, eq in once.items() if "constant over dt" in eq.flags}
    assert marked == {"phi", "psi"}
