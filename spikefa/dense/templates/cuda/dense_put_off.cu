{# Store the update of the rows of the neurons that spiked; make all stored updates
   when there is no room for another one, and after a run.

   Blocks do not wait for each other. So all updates are made in a launch before the one
   that stores the next, which then begins the masks of the rows anew; and each of the two
   reads the count that the other one writes.

   USES_VARIABLES { N, N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cu' %}
{% from 'dense_macros.cu' import block_position, kernel_head, launch, make_updates, mark_spikes with context %}
{% set _grid = Grid(owner.N_pre, owner.N_post) %}
{% set _neurons = [owner.N_pre, owner.N_post]|max %}
{% set _blocks = (_neurons + _grid.threads - 1) // _grid.threads %}

{% block kernel %}
{% set eventspace_variable, pending = _plan.eventspace_variable, _plan.pending %}
{% set _count, _masks = get_array_name(pending['count']), get_array_name(pending['rows']) %}
{{kernel_head(_grid.blocks, name='_flush_')}}
    const bool _due = {{_count}}[1] == {{pending['capacity']}};
    if (_block == 0 && threadIdx.x == 0)
        {{_count}}[0] = _due ? 0 : {{_count}}[1];
    if (!_due)
        return;
    {{block_position(_grid)}}
    {{make_updates(_grid, pending)}}
}
{{kernel_head(_blocks)}}
    {{mark_spikes(get_array_name(eventspace_variable), eventspace_variable.size, '(_pre_start + _block * %d)' % _grid.threads, _grid.threads)}}
    const int _update = {{_count}}[0];
    const int _row = _block * blockDim.x + threadIdx.x;
    if (_row == 0)
        {{_count}}[1] = _update + (_num_events > 0);
    if (_row < N_pre)
    {
        const uint32_t _others = _update == 0 ? 0 : {{_masks}}[_row];
        const uint32_t _spike = _spiked[threadIdx.x / 32] >> (threadIdx.x % 32) & 1;
        {{_masks}}[_row] = _others | _spike << _update;
    }
    const int _column = _row;
    if (_num_events == 0 || _column >= N_post)
        return;

    ///// scalar_code /////
    const size_t _vectorisation_idx = -1;
    {{scalar_code['increment']|autoindent}}
    {
        const int _postsynaptic_idx = _column + _post_start;
        const size_t _vectorisation_idx = _column;
        {{vector_code['increment']|autoindent}}
        {{get_array_name(pending['updates'])}}[(size_t)_update * N_post + _column] = _increment;
    }
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
{% endblock %}

{% block kernel_call %}
    {{launch(_grid.blocks, name='_flush_')}}
    {{launch(_blocks)}}
{% endblock kernel_call %}

{% block after_run_defines %}
{% set pending = _plan.pending %}
__global__ void
__launch_bounds__({{_grid.threads}})
_flush_last_{{codeobj_name}}(
    {% for array in [pending['matrix'], pending['updates'], pending['rows'], pending['count']] %}
    {{c_data_type(array.dtype)}}* {{get_array_name(array)}}{{'' if loop.last else ','}}
    {% endfor %}
    )
{
    const int _block = blockIdx.x, N_pre = {{owner.N_pre}}, N_post = {{owner.N_post}};
    {{block_position(_grid)}}
    {{make_updates(_grid, pending)}}
}
{% endblock %}

{# The next run begins with nothing pending, and so do those in which nothing learns. #}
{% block after_run_host_maincode %}
    {% set pending = _plan.pending %}
    _flush_last_{{codeobj_name}}<<<{{_grid.blocks}}, {{_grid.threads}}>>>(
            {% for array in [pending['matrix'], pending['updates'], pending['rows'], pending['count']] %}
            dev{{get_array_name(array, access_data=False)}}{{'' if loop.last else ','}}
            {% endfor %}
        );
    CUDA_CHECK_ERROR("_flush_last_{{codeobj_name}}");
    CUDA_SAFE_CALL(
            cudaMemset(dev{{get_array_name(pending['count'], access_data=False)}}, 0, sizeof(int32_t) * {{pending['count'].size}})
            );
{% endblock after_run_host_maincode %}
