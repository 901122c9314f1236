{# Sum of an expression over the synapses of each postsynaptic neuron (columns) or of
   each presynaptic one (rows).

   USES_VARIABLES { N, N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cu' %}
{% from 'dense_macros.cu' import kernel_head, launch, prepare, if_connected, thread_position, find_rows, walk_rows, add_blocks with context %}
{% set _grid = Grid(owner.N_pre, owner.N_post) %}
{% set _target = get_array_name(_target_var) %}
{% set _type = c_data_type(_target_var.dtype) %}
{% set _sums = sums_in([_target_var], get_array_name) %}
{% set _scratch = scratch_arrays(_grid, _sums, codeobj_name) if _plan.side == 'post' else [] %}
{% set _warps = _grid.threads // 32 %}
{% set _blocks = _grid.blocks if _plan.side == 'post' else (owner.N_pre + _warps - 1) // _warps %}

{% block kernel %}
{% set side, idle_if_zero = _plan.side, _plan.idle_if_zero %}
{{kernel_head(_blocks, _scratch)}}
    ///// scalar_code /////
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% if side == 'post' %}
    {{thread_position(_grid)}}
    {{find_rows(_grid, idle_if_zero=idle_if_zero)}}
    {% set _code = vector_code + ['_sum_1 += _synaptic_var;'] %}
    {{walk_rows(_grid, _code, _sums, idle_if_zero)}}
    {{add_blocks(_grid, _sums, '=')}}
    {% else %}
    {# A warp has a row, its threads neighbouring columns. #}
    const int _row = _block * {{_warps}} + threadIdx.x / 32;
    const int _presynaptic_idx = _row + _pre_start;
    {{_type}} _sum = 0;
    if (_row < N_pre)
    {
        #pragma unroll 8
        for (int _column = threadIdx.x % 32; _column < N_post; _column += 32)
        {
            const int _postsynaptic_idx = _column + _post_start;
            const size_t _idx = (size_t)_row * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {{if_connected()}}
            {
            {{vector_code|autoindent}}
            _sum += _synaptic_var;
            }
        }
    }
    for (int _distance = 16; _distance > 0; _distance /= 2)
        _sum += __shfl_down_sync(0xffffffffu, _sum, _distance);
    if (_row < N_pre && threadIdx.x % 32 == 0)
        {{_target}}[_presynaptic_idx] = _sum;
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
