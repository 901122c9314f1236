"""The C++ code that is generated for a network, as a digest."""

import hashlib

import pytest

from spikefa import load_model
from spikefa.devices.cpp.main_loop import add_header
from spikefa.devices.open import open_session
from spikefa.network.architecture import Architecture

__all__ = ["digest_of_code"]

SIZES = dict(layer_sizes=(6, 5, 4, 4), n_classes=2, chunk_images=3)


def digest_of_code(folder, rule="fa", path=None, rate=False, **options):
    """Generate the project of a network, compile nothing, and digest its sources.

    Parameters
    ----------
    folder : pathlib.Path
    rule : str, optional
    path : path, optional
        Of a model file.
    rate : bool, optional
    **options
        Of `Architecture`.

    Returns
    -------
    digest : str
    """

    def generate(device, directory, run_dir):
        device.build(directory=str(directory), compile=False, run=False)
        add_header(directory)
        (run_dir / "static_arrays").mkdir()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spikefa.devices.cpp.session.compile_project", generate)
        architecture = Architecture(**SIZES | options)
        model = load_model(path, rate=rate)
        open_session(architecture, model, rule, build_dir=folder).close()
    digest = hashlib.sha256()
    sources = [*folder.glob("*.cpp"), *folder.glob("code_objects/*")]
    for file in sorted((*sources, folder / "objects.h")):
        digest.update(f"{file.name}\n{file.read_text()}".encode())
    return digest.hexdigest()[:16]
