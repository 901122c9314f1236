{# Statements for the synapses of the neurons that spiked. A row of the matrix holds
   the synapses of one presynaptic neuron.

   USES_VARIABLES { N, N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cu' %}
{% from 'dense_macros.cu' import kernel_head, launch, prepare, if_connected, thread_position, find_rows, walk_rows, add_missing, add_blocks, mark_spikes with context %}
{% set _eventspace = get_array_name(_plan.eventspace_variable) %}
{% set _grid = Grid(owner.N_pre, owner.N_post) %}
{% set _sums = sums_in(_plan.sums, get_array_name) %}
{% set _scratch = scratch_arrays(_grid, _sums, codeobj_name) if _plan.split_rows else [] %}
{% set _lines = owner.N_post if _plan.prepost == 'pre' else owner.N_pre %}
{% set _blocks = _grid.blocks if _plan.split_rows else (_lines + _grid.threads - 1) // _grid.threads if _plan.lines_apart else 1 %}

{% block kernel %}
{% set prepost, eventspace_variable, split_rows, masked, lines_apart = _plan.prepost, _plan.eventspace_variable, _plan.split_rows, _plan.masked, _plan.lines_apart %}
{{kernel_head(_blocks, _scratch)}}
    {% if split_rows %}
    {{thread_position(_grid)}}
    {{find_rows(_grid, _eventspace, eventspace_variable.size)}}

    ///// scalar_code /////
    const size_t _vectorisation_idx = -1;
    {{scalar_code['rows']|autoindent}}

    {{walk_rows(_grid, vector_code['rows'], _sums, true, masked)}}
    {% if _plan.pending %}
    {{add_missing(_grid, _plan.pending, vector_code['missing'], _sums, _eventspace, eventspace_variable.size)}}
    {% endif %}
    {{add_blocks(_grid, _sums, '+=')}}
    {% else %}
    {% set _start, _size = ('_pre_start', owner.N_pre) if prepost == 'pre' else ('_post_start', owner.N_post) %}
    {{mark_spikes(_eventspace, eventspace_variable.size, _start, _size)}}

    ///// scalar_code /////
    const size_t _vectorisation_idx = -1;
    {{scalar_code['rows']|autoindent}}

    {% set _spiking, _other, _others = ('_row', '_column', 'N_post') if prepost == 'pre' else ('_column', '_row', 'N_pre') %}
    {% if lines_apart %}
    {# A thread has all synapses of one neuron of the other side. #}
    const int {{_other}} = _block * blockDim.x + threadIdx.x;
    if ({{_other}} >= {{_others}})
        return;
    {% else %}
    {# The statements act on each other: one thread runs them in the order of C++. #}
    if (threadIdx.x != 0)
        return;
    {% endif %}
    for (int {{_spiking}} = 0; {{_spiking}} < {{_size}}; {{_spiking}}++)
    {
        if (!(_spiked[{{_spiking}} / 32] >> ({{_spiking}} % 32) & 1))
            continue;
        {% if not lines_apart %}
        for (int {{_other}} = 0; {{_other}} < {{_others}}; {{_other}}++)
        {% endif %}
        {
            const int _presynaptic_idx = _row + _pre_start;
            const int _postsynaptic_idx = _column + _post_start;
            const size_t _idx = (size_t)_row * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {{if_connected(masked)}}
            {
            {{vector_code['rows']|autoindent}}
            }
        }
    }
    {% endif %}
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
    {{prepare(_scratch)}}
{% endblock %}

{% block kernel_call %}
    {{launch(_blocks, _scratch)}}
{% endblock kernel_call %}
