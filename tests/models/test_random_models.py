"""Random model files give the same on all devices, or are refused in one line."""

import numpy as np
import pytest
from brian2 import prefs
from hypothesis import HealthCheck, Phase, given, settings
from random_models import model_files, slips

from spikefa.devices import open as devices
from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model
from spikefa.training.initial_state import set_initial_state

N_IMAGES, STEPS = 6, 3

#: Compiling is dear: no file is tried again in simpler forms.
_RANDOM = dict(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def sizes(n_layers, engine):
    """Layers of few neurons, in double precision: rounding must not make spikes."""
    return Architecture(
        (9, *range(5, 4 + n_layers), 6),
        n_classes=3,
        steps_per_image=STEPS,
        chunk_images=N_IMAGES,
        engine=engine,
        precision="double",
    )


def trained(text, folder, n_layers, engine, device):
    """Show a few images and return all variables."""
    path = folder / "my_model.py"
    path.write_text(text)
    rng = np.random.default_rng(3)
    images = rng.random((N_IMAGES, 9))
    with pytest.MonkeyPatch.context() as patch:
        if device == "numpy":
            _generate_numpy(patch)
        with open_session(
            sizes(n_layers, engine),
            load_model(path).replace(weight_range=0.5),
            device="runtime" if device == "numpy" else device,
        ) as session:
            set_initial_state(session, 1)
            session.run(images, np.arange(N_IMAGES) % 3, seed=1)
            return session.get_state()


def _generate_numpy(patch):
    build = devices.build_network

    def build_network(*args, **kwds):
        prefs.codegen.target = "numpy"
        return build(*args, **kwds)

    patch.setattr(devices, "build_network", build_network)


def compare(found, expected, text):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(
            np.asarray(found[name], float),
            np.asarray(value, float),
            rtol=1e-6,
            atol=1e-9,
            err_msg=f"{name} of\n{text}",
        )


def one_line_or_nothing(text, folder):
    """Check a model file; whatever is wrong must be one line."""
    path = folder / "my_model.py"
    path.write_text(text)
    said = None
    try:
        check_model(sizes(2, "stock"), load_model(path), get_rule("fa"))
    except ModelError as refusal:
        said = str(refusal)
    assert said is None or (said.isprintable() and str(path) in said), text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@settings(max_examples=8, **_RANDOM)
@given(text=slips(2))
def test_slips_are_refused_in_one_line(text, folder):
    one_line_or_nothing(text, folder)


@pytest.mark.slow
@settings(max_examples=500, **_RANDOM)
@given(text=slips(2))
def test_500_slips_are_refused_in_one_line(text, folder):
    one_line_or_nothing(text, folder)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@settings(max_examples=63, **_RANDOM)
@given(text=model_files(8))
def test_500_random_models_are_the_same_compiled(text, folder):
    """63 files with 8 models each: C++ and dense against NumPy and stock synapses."""
    expected = trained(text, folder, 8, "stock", "numpy")
    compare(trained(text, folder, 8, "dense", "cpp"), expected, text)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=4, **_RANDOM)
@given(text=model_files(2))
def test_random_models_are_the_same_on_the_runtime_device(text, folder):
    expected = trained(text, folder, 2, "stock", "numpy")
    compare(trained(text, folder, 2, "dense", "runtime"), expected, text)
    compare(trained(text, folder, 2, "stock", "cpp"), expected, text)
