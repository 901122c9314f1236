{# What several dense templates share.

   An OpenMP build splits the rows of the matrix into parts, one a thread: whole rows are
   long enough for the hardware prefetchers. Sums over rows go to a private buffer of
   each part, which takes the name of the shared array inside the parallel region, so
   that the generated statements do not change.

   Where other programs keep the cores busy, threads wait for one that is not running,
   and one thread is many times faster than all; so it is where loops are short. The first
   thread counts what its own part takes of its processor: with all others a loop should
   take less than that times their number. (By the clock on the wall its own part is long
   where it shares its core, with a neighbour or with a thread that waits for it.) If
   loops do not, one thread goes through all parts, and all threads are tried again:
   soon, if they have worked for so long that the loss is small beside it, as where
   something interrupts them now and then; else later and later. The parts stay the same:
   results do not depend on how many threads there were.
#}
{# At the top of a file with parallel loops; there is one team in a program. #}
{% macro team_class() -%}
    {% if openmp_pragma('with_openmp') %}
    #ifndef DENSE_TEAM
    #define DENSE_TEAM
    class DenseTeam
    {
        {# Seconds: since when all threads work, or when they are to be tried again. #}
        double since = 0, again = 0, lost = 0, start = 0;
        {# Of the first thread: seconds of work, and the work at the start of its part. #}
        double own = 0, own_start = 0;
        bool all = true;
        const double shortest = 0.01, longest = 2, too_much = 0.002;
        {# Of the time that all threads have worked: a loss that is soon forgotten. #}
        const double small = 0.1;
        double wait = shortest;

        static double now()
        {
            using namespace std::chrono;
            return duration<double>(steady_clock::now().time_since_epoch()).count();
        }
        static double work()
        {
            timespec time;
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
            return time.tv_sec + 1e-9 * time.tv_nsec;
        }

      public:
        {# One part of a loop: an object that is gone through once. #}
        class Part
        {
            bool left = true;
            const bool timed;

          public:
            explicit Part(int thread) : timed(thread == 0) {}
            explicit operator bool() const { return left; }
            void done()
            {
                left = false;
                if (timed && team().all) team().own = work() - team().own_start;
            }
        };
        static DenseTeam& team()
        {
            static DenseTeam the_team;
            return the_team;
        }
        {# How many threads are to go through the next loop. #}
        int threads()
        {
            start = now();
            if (!all && start >= again)
            {
                all = true;
                since = start;
                lost = 0;
            }
            if (all) own_start = work();
            return all ? {{openmp_pragma('get_num_threads')}} : 1;
        }
        void done()
        {
            if (!all) return;
            const double stop = now();
            lost += (stop - start) - {{openmp_pragma('get_num_threads')}} * own;
            {# What was gained long ago does not count. #}
            lost = std::max(lost, -too_much / 2);
            if (lost < too_much) return;
            wait = lost < small * (start - since) ? shortest : std::min(2 * wait, longest);
            all = false;
            again = stop + wait;
        }
    };
    #endif
    {% endif %}
{%- endmacro %}

{# At the top of a file whose loops over rows are given narrow matrices. Clang takes small
   integers apart well by itself, and makes less of widened ones. #}
{% macro widen_functions(narrow) -%}
    {% if narrow %}
    #if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    #ifndef DENSE_WIDENS
    #define DENSE_WIDENS
    #ifdef __AVX2__
    #include <immintrin.h>
    static inline void _widen_8(const int8_t* from, int32_t* to)
    {
        _mm256_storeu_si256((__m256i*)to, _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)from)));
    }
    static inline void _widen_8(const int16_t* from, int32_t* to)
    {
        _mm256_storeu_si256((__m256i*)to, _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i*)from)));
    }
    #else
    template <class T> static inline void _widen_8(const T* from, int32_t* to)
    {
        for (int _i = 0; _i < 8; _i++) to[_i] = from[_i];
    }
    #endif
    #endif
    #endif
    {% endif %}
{%- endmacro %}

{# Begin with this a block that is gone through once for each part, as _part_of_rows. #}
{% macro for_parts() -%}
    {% if openmp_pragma('with_openmp') %}
    const int _threads = DenseTeam::team().threads();
    #pragma omp parallel for schedule(static, 1) num_threads(_threads)
    for (int _thread = 0; _thread < {{openmp_pragma('get_num_threads')}}; _thread++)
    for (DenseTeam::Part _this_part(_thread); _this_part; _this_part.done())
    {% endif %}
{%- endmacro %}

{# Say that all parts are done. #}
{% macro parts_done() -%}
    {% if openmp_pragma('with_openmp') %}
    DenseTeam::team().done();
    {% endif %}
{%- endmacro %}

{# First (which = 0) of the n items of this part, or the first after them (1). #}
{% macro part(n, which, parallel) -%}
    {% if parallel and openmp_pragma('with_openmp') -%}
    {% set _parts = openmp_pragma('get_num_threads') -%}
    ({{n}}) / {{_parts}} * (_thread + {{which}}) + std::min<int32_t>(_thread + {{which}}, ({{n}}) % {{_parts}})
    {%- else -%}
    {{'(%s)' % n if which else 0}}
    {%- endif %}
{%- endmacro %}

{# The rows that are gone through, and room for those that are fetched ahead at the end. #}
{% macro row_list() -%}
    static int32_t _rows[{{owner.N_pre}} + 4];
{%- endmacro %}

{% macro private_sums(variables, n) -%}
    {% for var in variables %}
    static std::vector<{{c_data_type(var.dtype)}}> _private_{{loop.index}}(
        (size_t){{var.size}} * {{openmp_pragma('get_num_threads')}});
    {% endfor %}
{%- endmacro %}

{% macro redirect_sums(variables) -%}
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

{# Round some numbers of the matrix to nearest, to the upper half of their bits: what
   spikes read. #}
{% macro round_to_copy(pending, first, stop) -%}
    for (int64_t _at = {{first}}; _at < {{stop}}; _at++)
    {
        uint32_t _bits;
        __builtin_memcpy(&_bits, &{{get_array_name(pending['matrix'])}}[_at], sizeof(_bits));
        {{get_array_name(pending['copy'])}}[_at] =
            (int16_t)((_bits + 0x7fff + ((_bits >> 16) & 1)) >> 16);
    }
{%- endmacro %}

{# A number of this copy, as the generated code reads it. #}
{% macro upper_half(name, pending, at) -%}
    const uint32_t _bits = (uint32_t)(uint16_t){{get_array_name(pending['copy'])}}[{{at}}] << 16;
    {{c_data_type(pending['dtype'])}} {{name}};
    __builtin_memcpy(&{{name}}, &_bits, sizeof(_bits));
{%- endmacro %}

{# Make the pending updates of all rows, each row in the order of its updates. They are
   made for a part of the columns at a time, so narrow that the updates stay in the first
   cache. #}
{% macro flush(pending, parallel=True) -%}
    {% set _type = c_data_type(pending['dtype']) %}
    {
        {{_type}}* __restrict _matrix = {{get_array_name(pending['matrix'])}};
        const {{_type}}* __restrict _updates = {{get_array_name(pending['updates'])}};
        int32_t* __restrict _pending_rows = {{get_array_name(pending['rows'])}};
        const int64_t _width = N_post;
        const int64_t _block = 64, _part = 128;
        {% if parallel %}
        {{for_parts()}}
        {% endif %}
        for (int64_t _first = 0; _first < _width; _first += _part)
        {
        const int64_t _stop = std::min(_first + _part, _width);
        for (int64_t _row = {{part('N_pre', 0, parallel)}}; _row < {{part('N_pre', 1, parallel)}}; _row++)
        {
            const uint32_t _mask = _pending_rows[_row];
            if (!_mask) continue;
            if (_stop == _width) _pending_rows[_row] = 0;
            {{_type}}* __restrict _to = _matrix + _row * _width;
            const {{_type}}* _ahead = _row + 1 < N_pre ? _to + _width : _to;
            int64_t _column = _first;
            for (; _column + _block <= _stop; _column += _block)
            {
                for (int _i = 0; _i < _block; _i += 64 / sizeof({{_type}}))
                    __builtin_prefetch(_ahead + _column + _i, 1);
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
            if (_column < _stop)
                for (uint32_t _left = _mask; _left; _left &= _left - 1)
                {
                    const {{_type}}* __restrict _from = _updates + __builtin_ctz(_left) * _width;
                    for (int64_t _i = _column; _i < _stop; _i++) _to[_i] += _from[_i];
                }
            {% if pending['copy'] %}
            {{round_to_copy(pending, '_row * _width + _first', '_row * _width + _stop')}}
            {% endif %}
        }
        }
        {% if parallel %}
        {{parts_done()}}
        {% endif %}
        {{get_array_name(pending['count'])}}[0] = 0;
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
    {{row_list()}}
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

{# Go through the columns of _rows[0 .. _num_rows], several rows at a time: the sums of
   the columns are read less often. What is 3 kB on is fetched meanwhile, in these rows or
   in those that come next: the hardware does not fetch the start of a row before it is
   asked for. (Further ahead, it no longer stays in the first cache.)

   The caller writes what is done at a _column of the _row_1, _row_2, ... it is given. It
   is called with several rows only if the statements of different rows have nothing to do
   with each other but the sums they are added to.

   GCC reads 32 small integers at once and takes them apart in two steps. Those of narrow
   matrices, which statements only read, are therefore widened to 32 bits first, 16 columns
   at a time: so few that they stay in registers, and the generated statements, which find
   them as _wide_1_1[_lane] and so on (`widened`), take half of the time. They go through
   8 of them at a time, as many as are widened at once: 16 would be read with one load of
   64 bytes where vectors are that long, which has to wait until both stores of 32 bytes
   are in the cache. #}
{% macro over_rows(group=4, parallel=False, narrow=[]) -%}
    {% set _matrices = owner.matrices_among(variables) if group > 1 else {} %}
    {% set _lines = 2 %}
    const int32_t _num_grouped = _num_rows / {{group}} * {{group}};
    const int32_t _groups = _num_rows / {{group}};
    const int32_t _last_next = ({{part('_groups', 1, parallel)}}) * {{group}};
    for (int32_t _next = ({{part('_groups', 0, parallel)}}) * {{group}}; _next < _last_next; _next += {{group}})
    {
        {% for n in range(1, group + 1) %}
        const int32_t _row_{{n}} = _rows[_next + {{n - 1}}];
        {% endfor %}
        const int32_t _part = {{_lines * 64 // (_matrices.values() | min) if _matrices else owner.N_post}};
        for (int32_t _first = 0; _first < {{owner.N_post}}; _first += _part)
        {
            const int32_t _stop = std::min<int32_t>(_first + _part, {{owner.N_post}});
            {% for _matrix, _bytes in _matrices.items() %}
            {
                const int32_t _ahead = _first + {{[owner.N_post, 3072 // _bytes] | min}};
                const int32_t _from = _ahead < N_post ? _next : _next + {{group}};
                {# From the start of a row in the same parts: none of it is left out. #}
                const int32_t _at = _ahead < N_post ? _ahead : (_ahead - N_post) / _part * _part;
                {% for n in range(1, group + 1) %}
                const auto* _fetch_{{n}} = {{_matrix}} + (size_t)_rows[_from + {{n - 1}}] * N_post + _at;
                {% endfor %}
                for (int32_t _line = 0; _line < _part; _line += {{64 // _bytes}})
                {
                    {% for n in range(1, group + 1) %}
                    __builtin_prefetch(_fetch_{{n}} + _line);
                    {% endfor %}
                }
            }
            {% endfor %}
            {% if narrow %}
            #ifdef DENSE_WIDENS
            const int32_t _after = _stop - (_stop - _first) % 16;
            for (int32_t _lanes = _first; _lanes + 16 <= _stop; _lanes += 16)
            {
                {% for _var in narrow %}
                {% set _outer = loop.index %}
                {% for n in range(1, group + 1) %}
                int32_t _wide_{{_outer}}_{{n}}[16];
                _widen_8({{get_array_name(_var)}} + (size_t)_row_{{n}} * N_post + _lanes, _wide_{{_outer}}_{{n}});
                _widen_8({{get_array_name(_var)}} + (size_t)_row_{{n}} * N_post + _lanes + 8, _wide_{{_outer}}_{{n}} + 8);
                {% endfor %}
                {% endfor %}
                for (int32_t _half = 0; _half < 16; _half += 8)
                #pragma GCC ivdep
                for (int32_t _lane = _half; _lane < _half + 8; _lane++)
                {
                    const int32_t _column = _lanes + _lane;
                    {{caller(range(1, group + 1), narrow)}}
                }
            }
            #else
            const int32_t _after = _first;
            #endif
            {% endif %}
            {% if group > 1 %}
            #pragma GCC ivdep
            {% endif %}
            for (int32_t _column = {{'_after' if narrow else '_first'}}; _column < _stop; _column++)
            {
                {{caller(range(1, group + 1), [])}}
            }
        }
    }
    {% if group > 1 %}
    const int32_t _left = _num_rows - _num_grouped;
    const int32_t _last_left = _num_grouped + {{part('_left', 1, parallel)}};
    for (int32_t _next = _num_grouped + {{part('_left', 0, parallel)}}; _next < _last_left; _next++)
    {
        const int32_t _row_1 = _rows[_next];
        for (int32_t _column = 0; _column < {{owner.N_post}}; _column++)
        {
            {{caller([1], [])}}
        }
    }
    {% endif %}
{%- endmacro %}

{# Code for row n, with numbers that have been widened. #}
{% macro widened(code, n, wide) -%}
    {% set _changed = namespace(code=code | join('\n')) %}
    {% for _var in wide %}
    {% set _read = '%s %s = %s[_idx];' % (c_data_type(_var.dtype), _var.name, get_array_name(_var)) %}
    {% set _instead = 'int32_t %s = _wide_%d_%d[_lane];' % (_var.name, loop.index, n) %}
    {% set _changed.code = _changed.code | replace(_read, _instead) %}
    {% endfor %}
    {{_changed.code}}
{%- endmacro %}

{# Begin with this where the statements are to be run for connected pairs only. #}
{% macro if_connected(wanted=True) -%}
    {% if wanted and owner.mask is not none %}
    if ({{get_array_name(owner.mask)}}[_idx])
    {% endif %}
{%- endmacro %}

{# Run statements for the synapse of row n in the current column. #}
{% macro at_synapse(n, code, masked=True, after='') -%}
    const int32_t _presynaptic_idx = _row_{{n}} + _pre_start;
    const size_t _idx = (size_t)_row_{{n}} * N_post + _column;
    const size_t _vectorisation_idx = _idx;
    {{if_connected(masked)|autoindent}}
    {
    {{code|autoindent}}
    {{after}}
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

{# Run statements for the neurons that had an event. #}
{% macro over_events(block, side) -%}
    {
        const size_t _vectorisation_idx = -1;
        {{scalar_code[block]|autoindent}}
        for (int32_t _event = 0; _event < _num_events; _event++)
        {
            const int32_t _{{side}}synaptic_idx = _events[_event];
            const size_t _vectorisation_idx = _{{side}}synaptic_idx;
            if (_{{side}}synaptic_idx < _{{side}}_start || _{{side}}synaptic_idx >= _{{side}}_start + N_{{side}})
                continue;
            {{vector_code[block]|autoindent}}
        }
    }
{%- endmacro %}
