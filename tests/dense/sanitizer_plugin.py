"""A pytest plugin that compiles with AddressSanitizer and UBSan.

Started with ``LD_PRELOAD`` set to the library of AddressSanitizer, since Python, which
loads the extension modules, was not compiled with it. The compiler is started without.
"""

import os

from brian2 import prefs

#: Of the compiler; the first fault ends the program.
FLAGS = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1"]
#: This file only makes, reads and writes whole arrays, and is so long that the compiler
#: takes many minutes to add checks to it.
UNCHECKED = "--eval=objects.o : CXXFLAGS += -fno-sanitize=all -O0"


def pytest_configure(config):
    os.environ.pop("LD_PRELOAD", None)
    prefs.codegen.cpp.extra_compile_args_gcc += FLAGS
    prefs.codegen.cpp.extra_link_args += FLAGS
    prefs.devices.cpp_standalone.extra_make_args_unix = [UNCHECKED]
    # Brian2 does not know modules compiled with other flags apart.
    folder = config.getoption("basetemp")
    prefs.codegen.runtime.cython.cache_dir = str(folder) + "_modules"
