"""C++ standalone: one program for a network, compiled once and run when asked."""
