"""Programs of C++ standalone mode, compiled as sessions compile theirs."""

from brian2.devices.device import get_device

from spikefa.devices.cpp.project import compile_project

__all__ = ["compile_here"]


def compile_here(folder):
    """Compile what the active device has generated; it runs in ``project``.

    Parameters
    ----------
    folder : pathlib.Path
    """
    (folder / "run").mkdir(exist_ok=True)
    compile_project(get_device(), folder / "project", folder / "run")
