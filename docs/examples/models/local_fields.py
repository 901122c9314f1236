"""Local receptive fields: neurons of the first layer see a part of the image.

LeCun et al., Proceedings of the IEEE 86:2278 (1998), for the idea; without shared
weights, as in Bartunov et al., NeurIPS 31 (2018). The layer is a square as the image
is, and a neuron sees the pixels around its own place.
"""

radius = 6
eta = 1e-2

layer_1_mask = """
abs(row_i - 28*row_j/ceil(sqrt(N_post))) <= radius
and abs(column_i - 28*column_j/ceil(sqrt(N_post))) <= radius
"""
