"""Parts of a time step, as generated: what they are made over, and what they use.

See ``dense/neuron_templates/cuda/part.cu``. What a part uses is read off its code, and
whatever is not plainly a read is a write.
"""

import re
from dataclasses import dataclass, field

from ...errors import SpikefaError

__all__ = ["Part", "Use", "as_functions", "changed", "find_parts", "replaced"]

_PART = re.compile(
    r"^///// PART (\w+) over (\d+) (elements|threads|blocks) /////\n"
    r"(.*?)(?=^///// (?:PART|ALONE))",
    re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"^\s*/////.*$", re.MULTILINE)
_ASSIGNED = re.compile(r"\s*(\+\+|--|(?:<<|>>|[-+*/%&|^])?=(?!=))")
_SHARED = re.compile(r"__shared__ (\w+) \w+((?:\[[^\]]+\])*);")
_BYTES = {"double": 8, "int64_t": 8, "uint64_t": 8, "bool": 1, "char": 1}


@dataclass(frozen=True)
class Use:
    """How a part uses an array.

    Attributes
    ----------
    written : bool
        Whether it may be written to.
    own : bool
        Whether each thread uses the element of its own neuron only.
    """

    written: bool
    own: bool


@dataclass(eq=False)
class Part:
    """A kernel that can be called from another, or what cannot, as it is.

    Attributes
    ----------
    kernel : str
        Name; empty for what is not made of parts.
    code_object : str
    size : int
    unit : {'elements', 'threads', 'blocks'}
    body : str
        Code of the kernel, after its parameters.
    parameters : dict of tuple
        By name: the type, and what the host gives.
    uses : dict of Use
        By name of the array.
    clock, gate, line : str
        Where the program adds it to the network.
    """

    kernel: str
    code_object: str
    size: int = 0
    unit: str = ""
    body: str = ""
    parameters: dict = field(default_factory=dict)
    uses: dict = field(default_factory=dict)
    clock: str = ""
    gate: str = ""
    line: str = ""

    @property
    def shared_bytes(self):
        """Shared memory of a block."""
        return sum(
            _BYTES.get(kind, 4) * _product(sizes)
            for kind, sizes in _SHARED.findall(self.body)
        )

    def shares(self, other):
        """Names of arrays that one of two parts writes, and the other uses."""
        return [
            name
            for name in self.uses.keys() & other.uses.keys()
            if self.uses[name].written or other.uses[name].written
        ]

    def continues(self, other):
        """Whether its threads can go on where those of another end."""
        return (
            self.unit == other.unit == "elements"
            and self.size == other.size
            and all(
                self.uses[name].own and other.uses[name].own
                for name in self.shares(other)
            )
        )


def _product(sizes):
    product = 1
    for size in re.findall(r"\d+", sizes):
        product *= int(size)
    return product


def find_parts(text, code_object):
    """Find the parts of a code object.

    Parameters
    ----------
    text : str
        Its file, as generated.
    code_object : str
        Its name.

    Returns
    -------
    parts : list of Part
        None if it is not made of parts, or if the host has to prepare what they get.
    """
    macros = re.findall(r"^\s*#define (\w+)(.*)$", text, re.MULTILINE)
    parts = []
    for kernel, size, unit, code in _PART.findall(text):
        head, body = _one(
            rf"__global__ void\s+__launch_bounds__\(\d+\)\s+{kernel}\((.*?)\n\s*\)\s*"
            r"\{\s*const int _block = blockIdx\.x;(.*)",
            code,
            f"the kernel {kernel}",
        )
        given = _one(
            rf"{kernel}<<<.*?>>>\((.*?)\n\s*\);", text, f"a launch of {kernel}"
        )
        names, values = _listed(head), _listed(given)
        if len(names) != len(values):
            raise changed(f"parameters of {kernel}")
        meant = [text for name, text in macros if re.search(rf"\b{name}\b", body)]
        mentioned, parameters = "\n".join([body, *meant]), {}
        for declaration, value in zip(names, values, strict=True):
            kind, name = declaration.rsplit(" ", 1)
            if re.search(rf"\b{name}\b", mentioned):
                parameters[name] = kind, value
        if any(re.match(r"dev_dynamic|_num", v) for _, v in parameters.values()):
            return []
        uses = {
            name: _use(body, name)
            for name, (kind, _) in parameters.items()
            if kind.endswith("*")
        }
        if re.search(r"\b(_poisson|_binomial\w*)\(", body):
            uses["states of random numbers"] = Use(written=True, own=False)
        parts.append(Part(kernel, code_object, int(size), unit, body, parameters, uses))
    return parts


def _one(pattern, text, what):
    """The groups of a pattern that has to be there exactly once."""
    found = re.findall(pattern, text, re.DOTALL)
    if len(found) != 1:
        raise changed(what)
    return found[0]


def changed(what):
    """Return the error that generated code is not what this version knows."""
    return SpikefaError(
        f"the program that Brian2CUDA generates does not have {what} where it is "
        "expected: this version is not supported"
    )


def _listed(text):
    """Parameters or arguments, one a line."""
    return [
        item.strip()
        for item in re.split(r",\s*\n", _COMMENT.sub("", text))
        if item.strip()
    ]


def _use(body, name):
    """How code uses an array."""
    written, own = False, True
    for found in re.finditer(rf"\b{name}\b", body):
        before, after = body[: found.start()].rstrip(), body[found.end() :]
        if not after.startswith("["):
            return Use(written=True, own=False)
        index, rest = _bracketed(after)
        own = own and index.strip() == "_idx"
        taken = re.search(r"(?<!&)&$|\+\+$|--$", before)
        written = written or bool(taken or _ASSIGNED.match(rest))
    return Use(written, own)


def _bracketed(text):
    """What is in the brackets that text begins with, and what follows."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth == 0:
            return text[1:place], text[place + 1 :]
    raise changed("a closing bracket")


def as_functions(text, code_object):
    """Turn the kernels of a code object's parts into functions of the card.

    Parameters
    ----------
    text : str
        Its file, as generated.
    code_object : str
        Its name.

    Returns
    -------
    text : str
        The file without what launches the kernels one by one.
    """
    for part in find_parts(text, code_object):
        declared = "".join(
            f",\n    {kind} {parameter}"
            for parameter, (kind, _) in part.parameters.items()
        )
        function = (
            f"static __device__ __forceinline__ void _part_{part.kernel}(\n"
            f"    const int _block{declared}\n    )\n{{{part.body}"
        )
        pattern = rf"///// PART {part.kernel} over .*?(?=^///// (?:PART|ALONE))"
        text = replaced(pattern, function, text, f"the part {part.kernel}")
    host = rf"///// ALONE /////.*?^void _run_{code_object}\(\)\n\{{.*?^\}}\n"
    return replaced(host, "", text, f"the function _run_{code_object}")


def replaced(pattern, new, text, what):
    """Replace what a pattern finds in generated text, which has to be one place.

    Parameters
    ----------
    pattern, new, text : str
    what : str
        It is looked for, for the message.

    Returns
    -------
    text : str

    Raises
    ------
    SpikefaError
        If it is not there, or several times.
    """
    text, found = re.subn(pattern, lambda _: new, text, flags=re.MULTILINE | re.DOTALL)
    if found != 1:
        raise changed(what)
    return text
