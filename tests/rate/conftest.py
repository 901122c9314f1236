"""Rate networks through NumPy: nothing to compile, same equations."""
