{# What several dense templates share.

   An OpenMP build splits the rows of the matrix over threads: whole rows are long
   enough for the hardware prefetchers. Sums over rows go to a private buffer of each
   thread, which takes the name of the shared array inside the parallel region, so
   that the generated statements do not change.
#}
{% macro private_sums(variables, n) -%}
    {% for var in variables %}
    static std::vector<{{c_data_type(var.dtype)}}> _private_{{loop.index}}(
        (size_t){{var.size}} * {{openmp_pragma('get_num_threads')}});
    {% endfor %}
{%- endmacro %}

{% macro redirect_sums(variables) -%}
    const int _thread = {{openmp_pragma('get_thread_num')}};
    {% for var in variables %}
    {% set _type = c_data_type(var.dtype) %}
    {{_type}}* const _own_{{loop.index}} = &_private_{{loop.index}}[(size_t)_thread * {{var.size}}];
    std::fill_n(_own_{{loop.index}}, {{var.size}}, ({{_type}})0);
    {{_type}}* __restrict {{get_array_name(var)}} = _own_{{loop.index}};
    {% endfor %}
{%- endmacro %}

{% macro add_private_sums(variables) -%}
    {% for var in variables %}
    for (int _thread = 0; _thread < {{openmp_pragma('get_num_threads')}}; _thread++)
        for (size_t _i = 0; _i < {{var.size}}; _i++)
            {{get_array_name(var)}}[_i] += _private_{{loop.index}}[(size_t)_thread * {{var.size}} + _i];
    {% endfor %}
{%- endmacro %}

{# Make the pending updates of all rows, each row in the order of its updates. #}
{% macro flush(pending) -%}
    {% set _type = c_data_type(pending['dtype']) %}
    {
        {{_type}}* __restrict _matrix = {{pending['matrix']}};
        const {{_type}}* __restrict _updates = {{pending['updates']}};
        int32_t* __restrict _rows = {{pending['rows']}};
        const int64_t _width = N_post;
        const int64_t _block = 64;
        {{openmp_pragma('parallel-static')}}
        for (int64_t _row = 0; _row < N_pre; _row++)
        {
            const uint32_t _mask = _rows[_row];
            if (!_mask) continue;
            _rows[_row] = 0;
            {{_type}}* __restrict _to = _matrix + _row * _width;
            int64_t _column = 0;
            for (; _column + _block <= _width; _column += _block)
            {
                {{_type}} _sum[_block];
                for (int _i = 0; _i < _block; _i++) _sum[_i] = _to[_column + _i];
                for (uint32_t _left = _mask; _left; _left &= _left - 1)
                {
                    const {{_type}}* __restrict _from =
                        _updates + __builtin_ctz(_left) * _width + _column;
                    for (int _i = 0; _i < _block; _i++) _sum[_i] += _from[_i];
                }
                for (int _i = 0; _i < _block; _i++) _to[_column + _i] = _sum[_i];
            }
            for (uint32_t _left = _mask; _left; _left &= _left - 1)
            {
                const {{_type}}* __restrict _from = _updates + __builtin_ctz(_left) * _width;
                for (int64_t _i = _column; _i < _width; _i++) _to[_i] += _from[_i];
            }
        }
        {{pending['count']}}[0] = 0;
    }
{%- endmacro %}

{# Go on to the next row if the statements would do nothing to this one. #}
{% macro skip_idle_row(idle_if_zero) -%}
    {% if idle_if_zero %}
    if ({{get_array_name(idle_if_zero)}}[_presynaptic_idx] == 0) continue;
    {% endif %}
{%- endmacro %}

{# Collect the rows whose statements do something, as _rows[0 .. _num_rows]. #}
{% macro collect_rows(idle_if_zero) -%}
    static int32_t _rows[{{owner.N_pre}}];
    int32_t _num_rows = 0;
    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        _rows[_num_rows] = _row;
        {% if idle_if_zero %}
        _num_rows += {{get_array_name(idle_if_zero)}}[_row + _pre_start] != 0;
        {% else %}
        _num_rows++;
        {% endif %}
    }
{%- endmacro %}

{# Add an expression, evaluated for all synapses of some rows, to its sums. #}
{% macro add_rows(rows, vector_code, sums, type, offset) -%}
    {
    {% for row in rows %}
    const int32_t _row_{{loop.index}} = {{row}};
    {% endfor %}
    for (int32_t _column = 0; _column < {{owner.N_post}}; _column++)
    {
        const int32_t _postsynaptic_idx = _column + _post_start;
        {{type}} _sum = {{sums}}[_column + {{offset}}];
        {% for row in rows %}
        {
            const int32_t _presynaptic_idx = _row_{{loop.index}} + _pre_start;
            const size_t _idx = (size_t)_row_{{loop.index}} * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _sum += _synaptic_var;
        }
        {% endfor %}
        {{sums}}[_column + {{offset}}] = _sum;
    }
    }
{%- endmacro %}

{# Run the statements for all synapses of some rows, column by column. #}
{% macro at_rows(rows, code) -%}
    {
    {% for row in rows %}
    const int32_t _row_{{loop.index}} = {{row}};
    {% endfor %}
    for (int32_t _column = 0; _column < N_post; _column++)
    {
        const int32_t _postsynaptic_idx = _column + _post_start;
        {% for row in rows %}
        {
            const int32_t _presynaptic_idx = _row_{{loop.index}} + _pre_start;
            const size_t _idx = (size_t)_row_{{loop.index}} * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {{code|autoindent}}
        }
        {% endfor %}
    }
    }
{%- endmacro %}

{# Add x_pre*f, with f in _increments, to some rows of a matrix. #}
{% macro update_rows(rows, matrix, factor, type) -%}
    {% for row in rows %}
    const {{type}} _factor_{{loop.index}} = {{factor}}[{{row}} + _pre_start];
    {{type}}* __restrict _to_{{loop.index}} = {{matrix}} + (size_t){{row}} * N_post;
    {% endfor %}
    for (int32_t _column = 0; _column < N_post; _column++)
    {
        const {{type}} _increment = _increments[_column];
        {% for row in rows %}
        _to_{{loop.index}}[_column] += _factor_{{loop.index}} * _increment;
        {% endfor %}
    }
{%- endmacro %}
