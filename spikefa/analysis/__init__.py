"""Measures of alignment, performance and weights, in NumPy."""

import lazy_loader

# A script's --help need not wait for NumPy: names are imported when they are used, from
# where ``__init__.pyi`` says.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
