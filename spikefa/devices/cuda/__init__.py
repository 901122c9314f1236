"""CUDA: Brian2CUDA's program for a graphics card, with fewer launches in graphs."""
