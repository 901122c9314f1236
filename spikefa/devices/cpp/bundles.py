"""Generated files that are compiled together.

Brian2 writes dozens of small files. The compiler spends its time on the headers that
they all read, and on what they have of these in common.
"""

import re
from pathlib import Path

__all__ = ["bundle", "write_bundles"]

_NAMESPACE = re.compile(r"^namespace\s*\{", re.MULTILINE)
_MACRO = re.compile(r"^[ \t]*#\s*define\s+(\w+)", re.MULTILINE)
_GUARD = re.compile(r"^[ \t]*#\s*ifndef\s+(\w+)\s+#\s*define\s+\1\b", re.MULTILINE)


def bundle(text, name):
    """Make one of the generated files fit into one file with others.

    What a file keeps to itself, in a namespace without a name and as macros, would meet
    the same of other files. What guards itself in front of the namespace is for all.

    Parameters
    ----------
    text : str
        The file.
    name : str
        For its namespace.

    Returns
    -------
    text : str
    """
    shared = _GUARD.findall(_NAMESPACE.split(text)[0])
    # What pushes spikes into queues has its helpers outside any namespace.
    text = re.sub(
        r"(?ms)^///// Support code /////$(.*?)(?=^void )",
        r"namespace {\n\1}\n",
        text,
    )
    text, found = _NAMESPACE.subn(f"namespace {name} {{", text)
    if found:
        opened = f"using namespace brian; using namespace {name};"
        text = text.replace("using namespace brian;", opened)
        text = f"namespace {name} {{}}\n{text}"
    macros = [m for m in dict.fromkeys(_MACRO.findall(text)) if m not in shared]
    return text + "".join(f"\n#undef {macro}" for macro in macros) + "\n"


def write_bundles(directory, sources, size=40):
    """Bundle the code objects of a C++ project.

    Parameters
    ----------
    directory : pathlib.Path
    sources : list of str
        All files that are compiled.
    size : int, optional
        About how many code objects are in a file; there are two files at least, for two
        compilers at a time.

    Returns
    -------
    sources : list of str
        What to compile instead. What takes longest comes first.
    """
    objects = [name for name in sources if name.startswith("code_objects/")]
    number = max(2, -(-len(objects) // size))
    names = [f"bundle_{n}.cpp" for n in range(number)]
    for n, name in enumerate(names):
        code = [
            bundle((directory / part).read_text(), f"_of_{Path(part).stem}")
            for part in objects[n::number]
        ]
        (directory / name).write_text("\n".join(code))
    others = sorted(set(sources) - {*objects, "objects.cpp"})
    return ["objects.cpp", *names, *others]
