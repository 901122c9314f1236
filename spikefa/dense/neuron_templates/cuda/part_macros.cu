{# How the kernel of a part begins. Own parameters, as pairs of a C type and a name, come
   before those of Brian2CUDA. #}
{% set THREADS = 64 %}

{% macro begin_part(name, threads, own_parameters=[]) -%}
__global__ void
__launch_bounds__({{threads}})
{{name}}(
    {% for type, parameter in own_parameters %}
    {{type}} {{parameter}},
    {% endfor %}
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    const int _block = blockIdx.x;
    using namespace brian;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}
{%- endmacro %}

{# Rows of values, one for each time step of a run, in the memory of the card: lists of a
   C type, a name and the width of a row. Allocated when the first step is recorded. #}
{% macro declare_rows(rows) -%}
namespace brian {
{% for type, name, width in rows %}
{{type}}* {{name}} = NULL;
{% endfor %}
int64_t _first_{{codeobj_name}} = 0;
}

void _prepare_{{codeobj_name}}()
{
    using namespace brian;
    if ({{rows[0][1]}} != NULL)
        return;
    _first_{{codeobj_name}} = {{owner.clock.name}}.timestep[0];
    const size_t _steps = {{owner.clock.name}}.i_end - _first_{{codeobj_name}};
    {% for type, name, width in rows %}
    CUDA_SAFE_CALL(
            cudaMalloc((void**)&{{name}}, sizeof({{type}}) * {{width}} * _steps)
            );
    CUDA_SAFE_CALL(
            cudaMemset({{name}}, 0, sizeof({{type}}) * {{width}} * _steps)
            );
    {% endfor %}
}
{%- endmacro %}

{% macro extern_rows(rows) -%}
#include <vector>
namespace brian {
{% for type, name, width in rows %}
extern {{type}}* {{name}};
{% endfor %}
extern int64_t _first_{{codeobj_name}};
}
{%- endmacro %}

{# After a run: on the host as _rows_1, _rows_2, ..., and no longer on the card. #}
{% macro fetch_rows(rows) -%}
    if ({{rows[0][1]}} == NULL)
        return;  // nothing was to be recorded
    const int64_t _first = _first_{{codeobj_name}};
    const size_t _steps = {{owner.clock.name}}.timestep[0] - _first;
    {% for type, name, width in rows %}
    std::vector<{{type}}> _rows_{{loop.index}}(_steps * {{width}});
    CUDA_SAFE_CALL(
            cudaMemcpy(_rows_{{loop.index}}.data(), {{name}}, sizeof({{type}}) * _rows_{{loop.index}}.size(), cudaMemcpyDeviceToHost)
            );
    CUDA_SAFE_CALL(
            cudaFree({{name}})
            );
    {{name}} = NULL;
    {% endfor %}
{%- endmacro %}

{# The row of this time step, for a kernel that is given its number. #}
{% macro this_row() -%}
    (int)({{owner.clock.name}}.timestep[0] - _first_{{codeobj_name}})
{%- endmacro %}
