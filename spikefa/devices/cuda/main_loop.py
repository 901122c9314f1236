"""The main loop of Brian2CUDA's programs, whose arrays are on the card too."""

from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import DynamicArrayVariable

from ..cpp.main_loop import MainLoop
from .generated import buffers_of_random_numbers, lines_of_a_step

__all__ = ["CudaMainLoop"]


class CudaMainLoop(MainLoop):
    """Writes the main program of a network for Brian2CUDA's device.

    Clocks, and the times and sizes of monitors, are on the host only.
    """

    # Before the driver ends.
    ending = ("_dealloc_arrays();", "return 0;")

    @property
    def seeding(self):
        """Lines that let the buffers of random numbers start anew, with a seed."""
        buffers = buffers_of_random_numbers(self.device)
        return (
            *(f"CUDA_SAFE_CALL(cudaFree({name})); {name} = NULL;" for name in buffers),
            "random_number_buffer = RandomNumberBuffer();",
            "random_number_buffer.set_seed({seed}[0]);",
        )

    def read_array(self, name):
        return f"""\
if (requests.wants("{name}"))
{{
    {super().read_array(name)}
    CUDA_SAFE_CALL(
        cudaMemcpy(
            dev{name}, {name}, sizeof({name}[0]) * _num_{name}, cudaMemcpyHostToDevice
        )
    );
}}"""

    def adapt(self, lines):
        return lines_of_a_step(lines, self.network.layers[0].clock.name)

    def empty_array(self, variable):
        name = self.device.get_array_name(variable, access_data=False)
        if variable.ndim == 2:
            yield f"_rows_of{name}.clear();"
        else:
            yield from (f"{name}.clear();", f"dev{name}.clear();")

    def fill_with_zeros(self, variable):
        name, kind = self.device.get_array_name(variable), c_data_type(variable.dtype)
        size = f"sizeof({kind}) * {variable.size}"
        return f"CUDA_SAFE_CALL(cudaMemset(dev{name}, 0, {size}));"

    def write_variable(self, name, variable):
        array = self.device.get_array_name(variable, access_data=False)
        kind = c_data_type(variable.dtype)
        if not isinstance(variable, DynamicArrayVariable):
            copy = (
                ""
                if self._on_host(variable)
                else (
                    f"CUDA_SAFE_CALL(cudaMemcpy({array}, dev{array}, "
                    f"sizeof({kind}) * {variable.size}, cudaMemcpyDeviceToHost));"
                )
            )
            write = f'requests.write("{name}", {array}, {variable.size});'
        elif variable.ndim == 1:
            copy = "" if self._on_host(variable) else f"{array} = dev{array};"
            data = f"thrust::raw_pointer_cast(&{array}[0])"
            write = f'requests.write("{name}", {data}, {array}.size());'
        else:
            copy, rows = "", f"_rows_of{array}"
            write = f'requests.write("{name}", {rows}.data(), {rows}.size());'
        return f'if (requests.wants("{name}"))\n{{\n{copy}\n{write}\n}}'

    @staticmethod
    def _on_host(variable):
        """Whether it is the size of a monitor, or the times of one of states."""
        of_states = "_indices" in variable.owner.variables
        return variable.name == "N" or (variable.name == "t" and of_states)
