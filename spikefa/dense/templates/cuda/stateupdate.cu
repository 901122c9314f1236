{# Code that runs for every synapse (run_regularly).

   USES_VARIABLES { N, N_pre, N_post, _pre_start, _post_start }
   ALLOWS_SCALAR_WRITE
#}
{% extends 'common_group.cu' %}
{% from 'dense_macros.cu' import block_position, if_connected, kernel_head, launch, make_updates, thread_position, find_rows, walk_rows with context %}
{% set _grid = Grid(owner.N_pre, owner.N_post) %}
{% set _blocks = _grid.blocks if _plan.synapses_apart else 1 %}

{% block kernel %}
{% set idle_if_zero, synapses_apart = _plan.idle_if_zero, _plan.synapses_apart %}
{% set pending = owner.pending_for(variables) %}
{% if pending %}
{{kernel_head(_grid.blocks, name='_flush_')}}
    {{block_position(_grid)}}
    {{make_updates(_grid, pending)}}
}
{% endif %}
{{kernel_head(_blocks)}}
    {% if pending %}
    {% set _count = get_array_name(pending['count']) %}
    if (_block == 0 && threadIdx.x < {{pending['count'].size}})
        {{_count}}[threadIdx.x] = 0;
    {% endif %}
    {% if synapses_apart %}
    {{thread_position(_grid)}}
    {{find_rows(_grid, idle_if_zero=idle_if_zero)}}

    ///// scalar_code /////
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {{walk_rows(_grid, vector_code, [], idle_if_zero, _plan.masked)}}
    {% else %}
    {# The statements act on each other: one thread runs them in the order of C++. #}
    if (threadIdx.x != 0)
        return;

    ///// scalar_code /////
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    for (int _row = 0; _row < N_pre; _row++)
    {
        const int _presynaptic_idx = _row + _pre_start;
        for (int _column = 0; _column < N_post; _column++)
        {
            const int _postsynaptic_idx = _column + _post_start;
            const size_t _idx = (size_t)_row * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {{if_connected()}}
            {
            {{vector_code|autoindent}}
            }
        }
    }
    {% endif %}
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
{% endblock %}

{% block kernel_call %}
    {% if owner.pending_for(variables) %}
    {{launch(_grid.blocks, name='_flush_')}}
    {% endif %}
    {{launch(_blocks)}}
{% endblock kernel_call %}
