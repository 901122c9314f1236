"""Models as data: what a checkpoint holds of a model file, without its Python code.

Strings, numbers, quantities, arrays and `TimedArray` objects are all that most models
consist of, and can be read without running anything. Functions with code of their own
are the exception: for them the source is kept too, which runs only if the user says so.
"""

import ast
import base64
from hashlib import sha256

import numpy as np
from brian2 import Quantity, TimedArray, second
from brian2.units.fundamentalunits import get_dimensions, get_or_create_dimension

from ..errors import ModelError
from .file import ModelFile, read_model_file, stored_file
from .values import BASE_UNITS, is_model_value

__all__ = ["code_digest", "file_of_data", "from_data", "model_data", "to_data"]


def model_data(file):
    """Return what a checkpoint holds of a model file.

    Parameters
    ----------
    file : ModelFile

    Returns
    -------
    data : dict
        ``values`` by name, None where only the source can say it; ``text`` and
        ``modules``, the source, to be read by people and for functions.
    """
    values = {name: to_data(value) for name, value in file.values.items()}
    return {"values": values, "text": file.text, "modules": dict(file.modules)}


def file_of_data(path, data, trusted=False, in_place=False):
    """Make a model file from what a checkpoint holds of it.

    Parameters
    ----------
    path : str
        Where it was, for messages.
    data : dict
        Of `model_data`.
    trusted : bool, optional
        Run the source if it is needed.
    in_place : bool, optional
        If so, where it is, and not elsewhere: it has not changed.

    Returns
    -------
    file : ModelFile

    Raises
    ------
    ModelError
        If the source is needed and not trusted, or if the data make no sense.
    """
    try:
        values, text = dict(data["values"]), str(data["text"])
        modules = {str(name): str(source) for name, source in data["modules"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ModelError(f"{path}: nothing is stored of the model") from exc
    functions = [name for name, value in values.items() if value is None]
    if functions and not trusted:
        raise ModelError(
            f"{path}: the model in the checkpoint has Python code of its own "
            f"({functions[0]}): trust_model=True runs it, if you trust those who wrote "
            "it; model='FILE' takes it from a file of yours"
        )
    if functions and in_place:  # next to the tables that it may read
        return read_model_file(path)
    if functions:
        return stored_file(path, text, modules)
    found = {name: from_data(value) for name, value in values.items()}
    for name, value in found.items():
        if not is_model_value(name, value):
            raise ModelError(f"{path}: {name} is stored as {value!r}")
    return ModelFile(found, {}, text, modules)


def to_data(value):
    """Turn a value of a model into what JSON can hold; nothing is rounded.

    Parameters
    ----------
    value : object
        As `normalized` returns it, or a dict of such values.

    Returns
    -------
    data : object
        None for what is no data.
    """
    if value is None or isinstance(value, str | bool | int):
        return {"plain": value}
    if isinstance(value, TimedArray):
        return {
            "table": _array_data(value.values),
            "dt": float(value.dt),
            "dimensions": _dimensions(value.dim),
        }
    if isinstance(value, float | Quantity | np.ndarray):
        quantity = isinstance(value, Quantity)
        dimensions = _dimensions(get_dimensions(value)) if quantity else None
        return {"array": _array_data(value), "dimensions": dimensions}
    if isinstance(value, dict):
        return {"items": [[to_data(k), to_data(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [to_data(item) for item in value]}
    return None


def from_data(data):
    """Make a value again from what `to_data` has returned.

    Raises
    ------
    ModelError
        If it is not that.
    """
    try:
        return _from_data(data)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as exc:
        raise ModelError(f"what is stored of the model cannot be read: {exc}") from exc


def _from_data(data):
    if "plain" in data:
        if not (data["plain"] is None or isinstance(data["plain"], str | bool | int)):
            raise ValueError(f"{data['plain']!r} is no plain value")
        return data["plain"]
    if "items" in data:
        return {_from_data(k): _from_data(v) for k, v in data["items"]}
    for kind, make in (("list", list), ("tuple", tuple)):
        if kind in data:
            return make(_from_data(item) for item in data[kind])
    dimensions = data["dimensions"]
    if dimensions is not None:
        dimensions = get_or_create_dimension([float(power) for power in dimensions])
    if "table" in data:
        values = _array(data["table"])
        if dimensions is not None:
            values = Quantity(values, dim=dimensions)
        return TimedArray(values, float(data["dt"]) * second)
    array = _array(data["array"])
    if dimensions is not None:
        return Quantity(array, dim=dimensions)
    return array if array.ndim else array.item()


def _dimensions(dimensions):
    return [float(dimensions.get_dimension(name)) for name in BASE_UNITS]


def _array_data(value):
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":  # no objects
        raise ModelError(f"values of type {array.dtype} cannot be stored")
    content = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return [array.dtype.str, list(array.shape), content]


def _array(data):
    kind, shape, content = data
    dtype = np.dtype(str(kind))
    if dtype.kind not in "biuf":
        raise ValueError(f"values of type {dtype}")
    values = np.frombuffer(base64.b64decode(content, validate=True), dtype)
    return values.reshape([int(n) for n in shape]).copy()


def code_digest(texts):
    """Name what Python sources do, without their comments and layout.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    digest : str
    """
    digest = sha256()
    for text in texts:
        try:
            digest.update(ast.dump(ast.parse(text)).encode())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            digest.update(text.encode(errors="replace"))
    return digest.hexdigest()[:16]
