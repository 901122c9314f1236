"""Generated files that are compiled together.

Brian2 writes dozens of small files. The compiler spends its time on the headers that
they all read, and on what they have of these in common.
"""

from pathlib import Path

from .generated import bundle

__all__ = ["write_bundles"]


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
