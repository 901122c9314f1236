{# Values of some neurons in every time step. The host reads them when the run is over,
   and keeps them as they are: _rows_of... has a row of neurons for each time step.

   USES_VARIABLES { t, _indices, N }
   WRITES_TO_READ_ONLY_VARIABLES { t, N }
#}
{% extends 'part.cu' %}
{% from 'part_macros.cu' import begin_part, declare_rows, extern_rows, fetch_rows, this_row, THREADS with context %}
{% set _number, _row = variables['_indices'].size, '_row_' ~ codeobj_name %}
{% set _rows, _own = [], [] %}
{% set _on_host = [] %}
{% for name, variable in _recorded_variables|dictsort %}
{% set _type = 'std::vector<' ~ c_data_type(variable.dtype) ~ '>' %}
{% set _ = _on_host.append((_type, '_rows_of' ~ get_array_name(variable, access_data=False))) %}
{% set _ = _rows.append((c_data_type(variable.dtype), '_rows_%s_%s' % (name, codeobj_name), _number)) %}
{% set _ = _own.append((c_data_type(variable.dtype) ~ '*', _rows[-1][1])) %}
{% endfor %}
{% set _ = _own.append(('const int', _row)) %}

{% block define_N %}
{% endblock %}

{% block kernel %}
{{declare_rows(_rows)}}
namespace brian {
{% for type, name in _on_host %}
{{type}} {{name}};
{% endfor %}
}
///// PART _run_kernel_{{codeobj_name}} over {{_number}} threads /////
{{begin_part('_run_kernel_' ~ codeobj_name, THREADS, _own)}}
    const int _recorded = _block * blockDim.x + threadIdx.x;
    if (_recorded >= {{_number}})
        return;
    const int _idx = {{_indices}}[_recorded];
    const int _vectorisation_idx = _idx;

    ///// scalar_code /////
    {{scalar_code|autoindent}}

    {
        ///// vector_code /////
        {{vector_code|autoindent}}

        {% for name, variable in _recorded_variables|dictsort %}
        _rows_{{name}}_{{codeobj_name}}[(size_t){{_row}} * {{_number}} + _recorded] = _to_record_{{name}};
        {% endfor %}
    }
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
    _prepare_{{codeobj_name}}();
{% endblock %}

{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<{{(_number + THREADS - 1) // THREADS}}, {{THREADS}}>>>(
            {% for type, name, width in _rows %}
            {{name}},
            {% endfor %}
            {{this_row()}},
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );

    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock kernel_call %}

{% block after_run_defines %}
{{extern_rows(_rows)}}
{% endblock %}

{% block after_run_host_maincode %}
    {{fetch_rows(_rows)}}
    for (size_t _step = 0; _step < _steps; _step++)
        _dynamic_array_{{owner.name}}_t.push_back((_first + (int64_t)_step) * {{owner.clock.name}}.dt[0]);
    _array_{{owner.name}}_N[0] += _steps;
    {% for type, name in _on_host %}
    {{name}}.swap(_rows_{{loop.index}});
    {% endfor %}
{% endblock after_run_host_maincode %}

{% block extra_functions_h %}
#include <vector>
namespace brian {
{% for type, name in _on_host %}
extern {{type}} {{name}};
{% endfor %}
}
{% endblock %}
