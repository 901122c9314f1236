{# Which neurons spiked in which time step, as bits. The host reads them when the run is
   over, in order.

   USES_VARIABLES { N, count, _source_start, _source_stop }
   WRITES_TO_READ_ONLY_VARIABLES { N, count }
#}
{% extends 'part.cu' %}
{% from 'part_macros.cu' import begin_part, declare_rows, extern_rows, fetch_rows, this_row, THREADS with context %}
{% set _start = variables['_source_start'].get_value() %}
{% set _number = variables['_source_stop'].get_value() - _start %}
{% set _words = (_number + 31) // 32 %}
{% set _bits, _row = '_bits_' ~ codeobj_name, '_row_' ~ codeobj_name %}
{% set _rows = [('uint32_t', _bits, _words)] %}

{% block define_N %}
{% endblock %}

{% block kernel %}
{% set _events = get_array_name(eventspace_variable) %}
{{declare_rows(_rows)}}
///// PART _run_kernel_{{codeobj_name}} over {{eventspace_variable.size - 1}} threads /////
{{begin_part('_run_kernel_' ~ codeobj_name, THREADS, [('uint32_t*', _bits), ('const int', _row)])}}
    const int _event = _block * blockDim.x + threadIdx.x;
    if (_event >= {{_events}}[{{eventspace_variable.size - 1}}])
        return;
    const int _neuron = {{_events}}[_event] - {{_start}};
    if (_neuron < 0 || _neuron >= {{_number}})
        return;
    atomicOr(&{{_bits}}[(size_t){{_row}} * {{_words}} + _neuron / 32], 1u << (_neuron % 32));
    {{count}}[_neuron] += 1;
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
    _prepare_{{codeobj_name}}();
{% endblock %}

{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<{{(eventspace_variable.size - 2 + THREADS) // THREADS}}, {{THREADS}}>>>(
            {{_bits}},
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
    {% for name, variable in record_variables.items() %}
    thrust::host_vector<{{c_data_type(variable.dtype)}}> _{{name}};
    {% endfor %}
    for (size_t _step = 0; _step < _steps; _step++)
        for (int _neuron = 0; _neuron < {{_number}}; _neuron++)
        {
            if (!(_rows_1[_step * {{_words}} + _neuron / 32] >> (_neuron % 32) & 1))
                continue;
            {% if 'i' in record_variables %}
            _i.push_back(_neuron);
            {% endif %}
            {% if 't' in record_variables %}
            _t.push_back((_first + (int64_t)_step) * {{owner.clock.name}}.dt[0]);
            {% endif %}
            _array_{{owner.name}}_N[0] += 1;
        }
    {% for name, variable in record_variables.items() %}
    {{get_array_name(variable, access_data=False, prefix='dev')}} = _{{name}};
    {% endfor %}
{% endblock after_run_host_maincode %}

{% block extra_functions_cu %}
void _debugmsg_{{codeobj_name}}()
{
}
{% endblock %}

{% block extra_functions_h %}
void _debugmsg_{{codeobj_name}}();
{% endblock %}
