{# What several dense templates share.

   A thread has one column (a postsynaptic neuron) and walks some of the rows, so that
   neighbouring threads read and write neighbouring synapses. Rows are split over blocks,
   see Grid in cuda.py. What is needed of the postsynaptic neuron is read once, before
   the walk; sums over rows are kept in a register, then added up in a fixed order: by
   lane within a block, by block in the last block to arrive. No sum depends on which
   block runs first.
#}
{% from 'part_macros.cu' import begin_part with context %}

{% macro kernel_head(blocks, scratch=[], name='_run_kernel_') -%}
{{declare(scratch)}}
{% set own = [] %}
{% for type, name, size in scratch %}
{% set _ = own.append((type ~ '*', name)) %}
{% endfor %}
///// PART {{name}}{{codeobj_name}} over {{blocks}} blocks /////
{{begin_part(name ~ codeobj_name, Grid(owner.N_pre, owner.N_post).threads, own)}}
{%- endmacro %}

{% macro launch(blocks, scratch=[], name='_run_kernel_') -%}
    {{name}}{{codeobj_name}}<<<{{blocks}}, {{Grid(owner.N_pre, owner.N_post).threads}}>>>(
            {% for type, name, size in scratch %}
            {{name}},
            {% endfor %}
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );

    CUDA_CHECK_ERROR("{{name}}{{codeobj_name}}");
{%- endmacro %}

{# The spikes as bits, of the neurons from _start on: _spiked[0 .. size/32]. #}
{% macro mark_spikes(eventspace, eventspace_size, start, size) -%}
    __shared__ uint32_t _spiked[{{(size + 31) // 32}}];
    for (int _i = threadIdx.x; _i < {{(size + 31) // 32}}; _i += blockDim.x)
        _spiked[_i] = 0;
    __syncthreads();
    const int _num_events = {{eventspace}}[{{eventspace_size - 1}}];
    for (int _event = threadIdx.x; _event < _num_events; _event += blockDim.x)
    {
        const int _neuron = {{eventspace}}[_event] - {{start}};
        if (_neuron >= 0 && _neuron < {{size}})
            atomicOr(&_spiked[_neuron / 32], 1u << (_neuron % 32));
    }
    __syncthreads();
{%- endmacro %}

{# The rows of this block whose flag is set, in ascending order: _rows[0 .. _num_rows].
   Brian2CUDA lists spikes in no particular order. #}
{% macro rows_with_flags(grid) -%}
    if (threadIdx.x < 32)
    {
        int _before = 0;
        for (int _base = 0; _base < {{grid.rows}}; _base += 32)
        {
            const int _i = _base + threadIdx.x;
            const bool _set = _i < {{grid.rows}} && _flags[_i];
            const unsigned int _ballot = __ballot_sync(0xffffffffu, _set);
            if (_set)
                _rows[_before + __popc(_ballot & ((1u << threadIdx.x) - 1))] =
                    _split + _i * {{grid.splits}};
            _before += __popc(_ballot);
        }
        if (threadIdx.x == 0)
            _num_rows = _before;
    }
    __syncthreads();
{%- endmacro %}

{# Which rows a block walks: those that spiked, those whose factor is not zero, or all. #}
{% macro find_rows(grid, eventspace=none, eventspace_size=0, idle_if_zero=none) -%}
    {% if eventspace or idle_if_zero %}
    __shared__ int32_t _flags[{{grid.rows}}];
    __shared__ int32_t _rows[{{grid.rows}}];
    __shared__ int _num_rows;
    {% if eventspace %}
    for (int _i = threadIdx.x; _i < {{grid.rows}}; _i += blockDim.x)
        _flags[_i] = 0;
    __syncthreads();
    const int _num_events = {{eventspace}}[{{eventspace_size - 1}}];
    for (int _event = threadIdx.x; _event < _num_events; _event += blockDim.x)
    {
        const int _row = {{eventspace}}[_event] - _pre_start;
        if (_row >= 0 && _row < N_pre && _row % {{grid.splits}} == _split)
            _flags[_row / {{grid.splits}}] = 1;
    }
    {% else %}
    for (int _i = threadIdx.x; _i < {{grid.rows}}; _i += blockDim.x)
    {
        const int _row = _split + _i * {{grid.splits}};
        _flags[_i] = _row < N_pre && {{get_array_name(idle_if_zero)}}[_row + _pre_start] != 0;
    }
    {% endif %}
    __syncthreads();
    {{rows_with_flags(grid)}}
    {% else %}
    const int _num_rows = (N_pre - _split + {{grid.splits - 1}}) / {{grid.splits}};
    {% endif %}
{%- endmacro %}

{# Begin with this where the statements are to be run for connected pairs only. #}
{% macro if_connected(wanted=True) -%}
    {% if wanted and owner.mask is not none %}
    if ({{get_array_name(owner.mask)}}[_idx])
    {% endif %}
{%- endmacro %}

{# Some rows at a time: all are read before the first is written. #}
{% macro at_rows(code, synaptic, row, n, lanes, masked) -%}
    {% for variable, text in synaptic %}
    {{c_data_type(variable.dtype)}} _was_{{loop.index}}[{{n}}];
    {% endfor %}
    #pragma unroll
    for (int _slot = 0; _slot < {{n}}; _slot++)
    {
        const size_t _idx = (size_t){{row}} * N_post + _column;
        {% for variable, text in synaptic %}
        _was_{{loop.index}}[_slot] = {{text}};
        {% endfor %}
    }
    #pragma unroll
    for (int _slot = 0; _slot < {{n}}; _slot++)
    {
        const int _row = {{row}};
        const int _presynaptic_idx = _row + _pre_start;
        const size_t _idx = (size_t)_row * N_post + _column;
        const size_t _vectorisation_idx = _idx;
        {{if_connected(masked)}}
        {
        {{code|autoindent}}
        }
    }
{%- endmacro %}

{# Walk the rows that find_rows has found. Sums are those of the names in `sums`, pairs
   of a variable and the text that stands for it in the code. #}
{% macro walk_rows(grid, code, sums, listed, masked=True) -%}
    {% set post = accesses(code, '_postsynaptic_idx', variables, get_array_name) %}
    {% set synaptic = accesses(code, '_idx', variables, get_array_name) %}
    {% set summed = sums|map(attribute=1)|list %}
    {% set changes = [] %}
    {% for variable, text in sums %}
    {{c_data_type(variable.dtype)}} _sum_{{loop.index}} = 0;
    {% set _ = changes.append((text, '_sum_%d' % loop.index)) %}
    {% endfor %}
    if (_column < N_post)
    {
    {% for variable, text in post if text not in summed %}
        const {{c_data_type(variable.dtype)}} _post_{{loop.index}} = {{text}};
        {% set _ = changes.append((text, '_post_%d' % loop.index)) %}
    {% endfor %}
    {% for variable, text in synaptic %}
        {% set _ = changes.append(('= %s;' % text, '= _was_%d[_slot];' % loop.index)) %}
    {% endfor %}
    {% set changed = rewrite(code, changes) %}
    {% set at = '_next + _slot * %d' % grid.lanes %}
    {% set row = '_rows[%s]' % at if listed else '(_split + (%s) * %d)' % (at, grid.splits) %}
        int _next = _lane;
        {% for n in grid.groups(synaptic) %}
        for (; _next + {{(n - 1) * grid.lanes}} < _num_rows; _next += {{n * grid.lanes}})
        {
            {{at_rows(changed, synaptic, row, n, grid.lanes, masked)}}
        }
        {% endfor %}
    }
{%- endmacro %}

{% macro block_position(grid) -%}
    const int _tile = _block % {{grid.tiles}};
    const int _split = _block / {{grid.tiles}};
    const int _lane = threadIdx.x / {{grid.columns}};
    const int _local = threadIdx.x % {{grid.columns}};
    const int _column = _tile * {{grid.columns}} + _local;
{%- endmacro %}

{% macro thread_position(grid) -%}
    {{block_position(grid)}}
    const int _postsynaptic_idx = _column + _post_start;
{%- endmacro %}

{# Make the updates that are pending, each weight in the order of its updates, which a
   thread has in registers. Who stores the next update says that none is pending. #}
{% macro make_updates(grid, pending) -%}
    {% set _type = c_data_type(pending['dtype']) %}
    {% set _matrix, _mask_of = get_array_name(pending['matrix']), get_array_name(pending['rows']) %}
    const int _num_pending = {{get_array_name(pending['count'])}}[1];
    if (_num_pending == 0 || _column >= N_post)
        return;
    {{_type}} _updates[{{pending['capacity']}}];
    #pragma unroll
    for (int _i = 0; _i < {{pending['capacity']}}; _i++)
        _updates[_i] = _i < _num_pending ? {{get_array_name(pending['updates'])}}[(size_t)_i * N_post + _column] : 0;
    for (int _next = _lane; _next < {{grid.rows}}; _next += {{grid.group * grid.lanes}})
    {
        uint32_t _masks[{{grid.group}}];
        {{_type}} _weights[{{grid.group}}];
        #pragma unroll
        for (int _slot = 0; _slot < {{grid.group}}; _slot++)
        {
            const int _row = _split + (_next + _slot * {{grid.lanes}}) * {{grid.splits}};
            _masks[_slot] = _row < N_pre ? {{_mask_of}}[_row] : 0;
            if (_masks[_slot])
                _weights[_slot] = {{_matrix}}[(size_t)_row * N_post + _column];
        }
        #pragma unroll
        for (int _slot = 0; _slot < {{grid.group}}; _slot++)
        {
            const int _row = _split + (_next + _slot * {{grid.lanes}}) * {{grid.splits}};
            #pragma unroll
            for (int _i = 0; _i < {{pending['capacity']}}; _i++)
                if (_masks[_slot] >> _i & 1)
                    _weights[_slot] += _updates[_i];
            if (_masks[_slot])
                {{_matrix}}[(size_t)_row * N_post + _column] = _weights[_slot];
        }
    }
{%- endmacro %}

{# What the rows that are added up have not got yet, as in C++: so many of them lack so
   many of the updates. Blocks and lanes share the updates. #}
{% macro add_missing(grid, pending, code, sums, eventspace, eventspace_size) -%}
    {% set _type = c_data_type(pending['dtype']) %}
    {% set changes = [] %}
    {% for variable, text in sums %}
    {% set _ = changes.append((text, '_sum_%d' % loop.index)) %}
    {% endfor %}
    __shared__ int _overlap[{{pending['capacity']}}];
    const int _num_pending = {{get_array_name(pending['count'])}}[1];
    if (threadIdx.x < {{pending['capacity']}})
        _overlap[threadIdx.x] = 0;
    __syncthreads();
    for (int _update = _split; _update < _num_pending; _update += {{grid.splits}})
    {
        int _number = 0;
        for (int _event = threadIdx.x; _event < _num_events; _event += blockDim.x)
        {
            const int _row = {{eventspace}}[_event] - _pre_start;
            if (_row >= 0 && _row < N_pre)
                _number += (uint32_t){{get_array_name(pending['rows'])}}[_row] >> _update & 1;
        }
        for (int _distance = 16; _distance > 0; _distance /= 2)
            _number += __shfl_down_sync(0xffffffffu, _number, _distance);
        if (threadIdx.x % 32 == 0)
            atomicAdd(&_overlap[_update], _number);
    }
    __syncthreads();
    if (_column < N_post)
        for (int _update = _split + _lane * {{grid.splits}}; _update < _num_pending; _update += {{grid.lanes * grid.splits}})
        {
            const {{_type}} _missing = _overlap[_update] * {{get_array_name(pending['updates'])}}[(size_t)_update * N_post + _column];
            {{rewrite(code, changes)|autoindent}}
        }
{%- endmacro %}

{# Add up what the threads of a column have in a register, in the order of the lanes. #}
{% macro add_lanes(grid, register, number, target) -%}
    _lanes_{{number}}[_lane][_local] = {{register}};
    __syncthreads();
    if (_lane == 0 && _column < N_post)
    {
        {{register}} = 0;
        for (int _i = 0; _i < {{grid.lanes}}; _i++)
            {{register}} += _lanes_{{number}}[_i][_local];
        {{target}} {{register}};
    }
{%- endmacro %}

{# Add up the sums of all blocks; the last block of some columns does it for them. #}
{% macro add_blocks(grid, sums, operator) -%}
    {% for variable, text in sums %}
    __shared__ {{c_data_type(variable.dtype)}} _lanes_{{loop.index}}[{{grid.lanes}}][{{grid.columns}}];
    {% if grid.splits == 1 %}
    {{add_lanes(grid, '_sum_%d' % loop.index, loop.index, '%s %s' % (text, operator))}}
    {% else %}
    {{add_lanes(grid, '_sum_%d' % loop.index, loop.index, '_partial_%d_%s[_split * N_post + _column] =' % (loop.index, codeobj_name))}}
    {% endif %}
    {% endfor %}
    {% if sums and grid.splits > 1 %}
    __shared__ bool _is_last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0)
    {
        _is_last = atomicAdd(&_arrived_{{codeobj_name}}[_tile], 1u) == {{grid.splits - 1}};
        if (_is_last)
            _arrived_{{codeobj_name}}[_tile] = 0;  // for the next launch
    }
    __syncthreads();
    if (!_is_last)
        return;
    __threadfence();
    {% for variable, text in sums %}
    {% set _type = c_data_type(variable.dtype) %}
    _sum_{{loop.index}} = 0;
    if (_column < N_post)
        for (int _other = _lane; _other < {{grid.splits}}; _other += {{grid.lanes}})
            _sum_{{loop.index}} += *(volatile {{_type}}*)&_partial_{{loop.index}}_{{codeobj_name}}[_other * N_post + _column];
    {{add_lanes(grid, '_sum_%d' % loop.index, loop.index, '%s %s' % (text, operator))}}
    {% endfor %}
    {% endif %}
{%- endmacro %}

{# Scratch memory, allocated and set to zero when it is first needed. #}
{% macro declare(scratch) -%}
{% if scratch %}
{% for type, name, size in scratch %}
{{type}}* {{name}} = NULL;
{% endfor %}

void _prepare_{{codeobj_name}}()
{
    {% for type, name, size in scratch %}
    if ({{name}} == NULL)
    {
        CUDA_SAFE_CALL(
                cudaMalloc((void**)&{{name}}, sizeof({{type}}) * {{size}})
                );
        CUDA_SAFE_CALL(
                cudaMemset({{name}}, 0, sizeof({{type}}) * {{size}})
                );
    }
    {% endfor %}
}
{% endif %}
{%- endmacro %}

{% macro prepare(scratch) -%}
    {% if scratch %}
    _prepare_{{codeobj_name}}();
    {% endif %}
{%- endmacro %}
