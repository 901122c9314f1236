{# Which neurons spike: they are listed in no particular order, and counted at the end of
   the list. The count has to be zero before, which is a part of its own.

   USES_VARIABLES { N }
#}
{% extends 'part.cu' %}
{% from 'part_macros.cu' import begin_part, THREADS with context %}
{% set _events = get_array_name(eventspace_variable) %}
{% set _host_events = get_array_name(eventspace_variable, access_data=False) %}

{% block first_parts %}
{% set _events = get_array_name(eventspace_variable) %}
///// PART _reset_{{codeobj_name}} over 1 threads /////
{{begin_part('_reset_' + codeobj_name, THREADS)}}
    if (_block == 0 && threadIdx.x == 0)
        {{_events}}[N] = 0;
}
{% endblock %}

{% block kernel_maincode %}
    {% set _events = get_array_name(eventspace_variable) %}
    ///// scalar_code /////
    {{scalar_code|autoindent}}

    {
        ///// vector_code /////
        {{vector_code|autoindent}}

        if (_cond)
        {
            const int _spike = atomicAdd(&{{_events}}[_N], 1);
            {{_events}}[_spike] = _idx;
            {% if _uses_refractory %}
            // By their pointers: the condition may have read them into variables.
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = {{t}};
            {% endif %}
        }
    }
{% endblock kernel_maincode %}

{% block extra_kernel_call %}
    _reset_{{codeobj_name}}<<<1, {{THREADS}}>>>(
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );

    CUDA_CHECK_ERROR("_reset_{{codeobj_name}}");
{% endblock %}

{# Spikes of the last time step are not those of the next run. #}
{% block after_run_host_maincode %}
    {% set _host_events = get_array_name(eventspace_variable, access_data=False) %}
    CUDA_SAFE_CALL(
            cudaMemset(dev{{_host_events}}[current_idx{{_host_events}}] + {{owner.N}}, 0, sizeof(int32_t))
            );
{% endblock after_run_host_maincode %}
