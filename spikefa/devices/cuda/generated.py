"""Where CUDA reaches into Brian2CUDA and changes the text it generates.

Every change of generated text says how often it must match, and fails otherwise.
"""

import copy
import re

from ..cpp.generated import GeneratedCodeError

__all__ = [
    "time_step_of_double_code",
    "with_checked_random_numbers",
]


def time_step_of_double_code(device):
    """Let Brian2CUDA find dt where code is in double and its preference is single.

    It expects its own single-precision copy of dt in every code object, with a way back
    to the variable itself; code that was generated in double has the variable.

    Parameters
    ----------
    device : CUDAStandaloneDevice
    """
    for code_object in device.code_objects.values():
        dt = code_object.variables.get("dt")
        if dt is not None and not hasattr(dt, "real_var"):
            alias = copy.copy(dt)
            alias.real_var = dt
            code_object.variables["dt"] = alias


def with_checked_random_numbers(text):
    """Let a program end where the card gives no random numbers.

    Brian2CUDA goes on with those of before.

    Parameters
    ----------
    text : str
        Of its ``rand.cu``.

    Returns
    -------
    text : str

    Raises
    ------
    GeneratedCodeError
        If uniform and normal numbers are not drawn in a line each.
    """
    text, checked = re.subn(
        r"^(\s*)(curandGenerate\w+\(.*\));$",
        r"\1CUDA_SAFE_CALL(\2);",
        text,
        flags=re.MULTILINE,
    )
    if checked != 2:
        raise GeneratedCodeError(
            f"Brian2CUDA draws random numbers in {checked} lines instead of 2: this "
            "version is not supported"
        )
    return text
