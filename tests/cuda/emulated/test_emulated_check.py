"""The check of a graphics card, in full, in the emulator."""

from test_check_gpu import check, test_nothing_is_wrong_behind_the_shim  # noqa: F401
