/* Which lines are JSON objects in plain form, and a string of each: connectors/plain.py says what is plain.
 *
 * Whatever is unusual is no plain line, and is left to the decoder: the answer "plain" must be right, "not plain" may be
 * too careful. A line is walked once, and nothing is copied but that string.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a value may be; connectors/plain.py has the same numbers. */
enum { NOTHING = 1, TEXT = 2, BOOLEAN = 4, INTEGER = 8, NUMBER = 16, ANY = 32, OBJECT = 64 };
enum { BUCKETS = 256, FIELDS = 64, DEEPEST = 64, INTEGER_DIGITS = 15 };

typedef const uint8_t *place;

typedef struct field {
    char name[64];
    size_t length;
    unsigned forms;
    uint64_t bit;
    int64_t least, most; /* of an integer, and of the whole part of a number */
    struct table *inner;
    struct field *next; /* in its bucket */
} field;

typedef struct table {
    field fields[FIELDS];
    field *buckets[BUCKETS];
    int count;
    uint64_t needed, asked; /* fields that must be there; the one whose string is wanted */
} table;

/* A string of a line, without its quotes. */
typedef struct {
    place start;
    Py_ssize_t length;
} found;

static place any_value(place at, place end, int depth);

static inline place over_space(place at) {
    while (*at == ' ' || *at == '\t' || *at == '\r') at++;
    return at;
}

static inline bool is_digit(uint8_t byte) {
    return (uint8_t)(byte - '0') < 10;
}

static inline place over_digits(place at) {
    while (is_digit(*at)) at++;
    return at;
}

/* The value of four hexadecimal digits; -1 where they are none. */
static int unit_of(place at) {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t low = at[i] | 0x20;
        const int digit = is_digit(at[i]) ? at[i] - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Behind an escape, whose backslash is at `at`; NULL where it is none, or stands for half a character. */
static place over_escape(place at, place end) {
    if (end - at < 2) return NULL;
    if (at[1] != 'u') return at[1] && strchr("\"\\/bfnrt", at[1]) ? at + 2 : NULL;
    if (end - at < 6) return NULL;
    const int unit = unit_of(at + 2);
    if (unit < 0xD800 || unit > 0xDFFF) return unit < 0 ? NULL : at + 6;
    if (unit > 0xDBFF || end - at < 12 || at[6] != '\\' || at[7] != 'u') return NULL;
    const int other = unit_of(at + 8);
    return other >= 0xDC00 && other <= 0xDFFF ? at + 12 : NULL;
}

static inline bool continues(uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

/* Behind a character of several bytes; NULL where it is not UTF-8 (Unicode, table 3-7). */
static place over_character(place at, place end) {
    const uint8_t first = at[0];
    const Py_ssize_t room = end - at;
    if (first >= 0xC2 && first <= 0xDF) return room > 1 && continues(at[1]) ? at + 2 : NULL;
    if ((first & 0xF0) == 0xE0) {
        if (room < 3 || !continues(at[1]) || !continues(at[2])) return NULL;
        if ((first == 0xE0 && at[1] < 0xA0) || (first == 0xED && at[1] > 0x9F)) return NULL;
        return at + 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (room < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return NULL;
        if ((first == 0xF0 && at[1] < 0x90) || (first == 0xF4 && at[1] > 0x8F)) return NULL;
        return at + 4;
    }
    return NULL;
}

/* The closing quote of a string, of which `at` is the first character; NULL where it has none. */
static inline place end_of_text(place at, place end, bool *has_escapes) {
    for (;;) {
#ifdef __SSE2__
        while (end - at >= 16) {
            const __m128i bytes = _mm_loadu_si128((const __m128i *)at);
            const __m128i special = _mm_or_si128(
                _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20))); /* signed: control characters, and all that is not ASCII */
            const int mask = _mm_movemask_epi8(special);
            if (mask) {
                at += __builtin_ctz((unsigned)mask);
                break;
            }
            at += 16;
        }
#endif
        while (at < end && *at != '"' && *at != '\\' && *at >= 0x20 && *at < 0x80) at++;
        if (at >= end || *at < 0x20) return NULL;
        if (*at == '"') return at;
        *has_escapes |= *at == '\\';
        at = *at == '\\' ? over_escape(at, end) : over_character(at, end);
        if (at == NULL) return NULL;
    }
}

/* Behind a string whose opening quote is at `at`; NULL where it is none. */
static inline place over_text(place at, place end) {
    bool has_escapes = false;
    return *at == '"' && (at = end_of_text(at + 1, end, &has_escapes)) ? at + 1 : NULL;
}

/* Behind a number; NULL where it is none. */
static place over_number(place at) {
    at += *at == '-';
    if (!is_digit(*at)) return NULL;
    at = *at == '0' ? at + 1 : over_digits(at);
    if (*at == '.') {
        if (!is_digit(at[1])) return NULL;
        at = over_digits(at + 1);
    }
    if ((*at | 0x20) == 'e') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        if (!is_digit(*at)) return NULL;
        at = over_digits(at);
    }
    return at;
}

static inline place over_word(place at, place end, const char *word, Py_ssize_t length) {
    return end - at >= length && memcmp(at, word, (size_t)length) == 0 ? at + length : NULL;
}

static place any_array(place at, place end, int depth) {
    at = over_space(at + 1);
    if (*at == ']') return at + 1;
    for (;;) {
        at = any_value(at, end, depth + 1);
        if (at == NULL) return NULL;
        at = over_space(at);
        if (*at == ']') return at + 1;
        if (*at != ',') return NULL;
        at = over_space(at + 1);
    }
}

static place any_object(place at, place end, int depth) {
    at = over_space(at + 1);
    if (*at == '}') return at + 1;
    for (;;) {
        if ((at = over_text(at, end)) == NULL) return NULL;
        at = over_space(at);
        if (*at != ':' || (at = any_value(over_space(at + 1), end, depth + 1)) == NULL) return NULL;
        at = over_space(at);
        if (*at == '}') return at + 1;
        if (*at != ',') return NULL;
        at = over_space(at + 1);
    }
}

/* Behind any value; NULL where there is none. The byte behind the data is 0, so that `*end` may be read. */
static place any_value(place at, place end, int depth) {
    if (depth > DEEPEST) return NULL;
    switch (*at) {
    case '"': return over_text(at, end);
    case '{': return any_object(at, end, depth);
    case '[': return any_array(at, end, depth);
    case 'n': return over_word(at, end, "null", 4);
    case 't': return over_word(at, end, "true", 4);
    case 'f': return over_word(at, end, "false", 5);
    default: return over_number(at);
    }
}

/* Behind a number that a field may have: few digits, no exponent, within the field's bounds. */
static place fitting_number(place at, const field *of) {
    const bool negative = *at == '-';
    at += negative;
    const place start = at;
    if (!is_digit(*at)) return NULL;
    int64_t whole = 0;
    at = over_digits(at);
    if (at - start > INTEGER_DIGITS || (*start == '0' && at - start > 1)) return NULL;
    for (place digit = start; digit < at; digit++) whole = whole * 10 + (*digit - '0');
    bool has_rest = false;
    if (*at == '.') {
        if (!(of->forms & NUMBER) || !is_digit(*++at)) return NULL;
        for (; is_digit(*at); at++) has_rest |= *at != '0';
    }
    if ((*at | 0x20) == 'e') return NULL;
    if (negative) return !(of->forms & NUMBER) && -whole >= of->least ? at : NULL;
    return whole >= of->least && (has_rest ? whole < of->most : whole <= of->most) ? at : NULL;
}

static place fitting_object(place at, place end, const table *fields, found *asked);

/* Behind a value that a field may have; NULL where it is another, or unusual. */
static place fitting_value(place at, place end, const field *of, found *asked) {
    const unsigned forms = of->forms;
    if (forms & ANY) return any_value(at, end, 1);
    switch (*at) {
    case '"': {
        const place start = at + 1;
        bool has_escapes = false;
        if ((at = end_of_text(start, end, &has_escapes)) == NULL) return NULL;
        if (asked) {
            if (has_escapes) return NULL;
            asked->start = start, asked->length = at - start;
        }
        if (forms & TEXT) return at + 1;
        /* Some months have numbers in quotes. */
        return (forms & NUMBER) && !(forms & BOOLEAN) && *start != '-' && fitting_number(start, of) == at ? at + 1 : NULL;
    }
    case 'n': return forms & NOTHING ? over_word(at, end, "null", 4) : NULL;
    case 't': return forms & BOOLEAN ? over_word(at, end, "true", 4) : NULL;
    case 'f': return forms & BOOLEAN ? over_word(at, end, "false", 5) : NULL;
    case '{': return forms & OBJECT ? fitting_object(at, end, of->inner, NULL) : NULL;
    default: return forms & (INTEGER | NUMBER) ? fitting_number(at, of) : NULL;
    }
}

static inline unsigned bucket_of(const uint8_t *name, size_t length) {
    return length ? (unsigned)(length + 7 * name[0] + 31 * name[length - 1] + 3 * name[length / 2]) % BUCKETS : 0;
}

static inline const field *field_of(const table *fields, place name, size_t length) {
    const field *one = fields->buckets[bucket_of(name, length)];
    while (one && (one->length != length || memcmp(one->name, name, length))) one = one->next;
    return one;
}

/* Behind an object whose fields are plain, each of the table once at most; NULL for another. */
static place fitting_object(place at, place end, const table *fields, found *asked) {
    uint64_t seen = 0;
    at = over_space(at + 1);
    if (*at == '}') return fields->needed ? NULL : at + 1;
    for (;;) {
        const place name = at + 1;
        bool has_escapes = false;
        if (*at != '"' || (at = end_of_text(name, end, &has_escapes)) == NULL || has_escapes) return NULL;
        const field *of = field_of(fields, name, (size_t)(at - name));
        at = over_space(at + 1);
        if (*at != ':') return NULL;
        at = over_space(at + 1);
        if (of == NULL) {
            at = any_value(at, end, 1);
        } else {
            if (seen & of->bit) return NULL;
            seen |= of->bit;
            at = fitting_value(at, end, of, of->bit == fields->asked ? asked : NULL);
        }
        if (at == NULL) return NULL;
        at = over_space(at);
        if (*at == '}') return (seen & fields->needed) == fields->needed ? at + 1 : NULL;
        if (*at != ',') return NULL;
        at = over_space(at + 1);
    }
}

/* Walks all lines; how many there were. */
static Py_ssize_t walk(const table *fields, place at, place end, Py_ssize_t count, found *strings, int32_t *ends) {
    const place start = at;
    for (Py_ssize_t line = 0; line < count; line++) {
        found *asked = &strings[line];
        asked->start = NULL;
        const place line_end = memchr(at, '\n', (size_t)(end - at));
        const place stop = line_end ? line_end : end;
        if (at < stop && *at == '{') {
            const place after = fitting_object(at, stop, fields, asked);
            if (after == NULL || over_space(after) != stop) asked->start = NULL;
        }
        ends[line] = (int32_t)(stop - start);
        if (line_end == NULL) return line + 1;
        at = line_end + 1;
    }
    return count + 1; /* there are more than the caller said */
}

PyDoc_STRVAR(plain_doc,
             "plain(fields, lines, count): the places at which lines end (int32), and the string of each (offsets, "
             "int32, and bytes); that of a line that is not plain has the length -1 in the last (int32).");

static PyObject *plain(PyObject *Py_UNUSED(self), PyObject *const *arguments, Py_ssize_t given) {
    if (given != 3) return PyErr_Format(PyExc_TypeError, "plain takes 3 arguments, not %zd", given);
    const table *fields = PyCapsule_GetPointer(arguments[0], "blift.fields");
    if (fields == NULL) return NULL;
    if (!PyBytes_Check(arguments[1])) return PyErr_Format(PyExc_TypeError, "lines are bytes");
    const Py_ssize_t size = PyBytes_GET_SIZE(arguments[1]), count = PyLong_AsSsize_t(arguments[2]);
    if (count < 1 || size >= INT32_MAX) {
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "%zd lines in %zd bytes", count, size);
    }
    const place data = (place)PyBytes_AS_STRING(arguments[1]);
    PyObject *answer = NULL, *text = NULL;
    PyObject *ends = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(int32_t));
    PyObject *offsets = PyBytes_FromStringAndSize(NULL, (count + 1) * (Py_ssize_t)sizeof(int32_t));
    PyObject *states = PyBytes_FromStringAndSize(NULL, count);
    found *strings = malloc((size_t)count * sizeof(found));
    if (ends == NULL || offsets == NULL || states == NULL || strings == NULL) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
        goto done;
    }
    Py_ssize_t lines;
    Py_BEGIN_ALLOW_THREADS
    lines = walk(fields, data, data + size, count, strings, (int32_t *)PyBytes_AS_STRING(ends));
    Py_END_ALLOW_THREADS
    if (lines != count) {
        PyErr_Format(PyExc_ValueError, "%zd lines, where there are others than %zd", lines, count);
        goto done;
    }
    int32_t *offset = (int32_t *)PyBytes_AS_STRING(offsets);
    offset[0] = 0;
    for (Py_ssize_t line = 0; line < count; line++) {
        const bool is_plain = strings[line].start != NULL;
        PyBytes_AS_STRING(states)[line] = (char)is_plain;
        offset[line + 1] = offset[line] + (is_plain ? (int32_t)strings[line].length : 0);
    }
    text = PyBytes_FromStringAndSize(NULL, offset[count]);
    if (text == NULL) goto done;
    for (Py_ssize_t line = 0; line < count; line++)
        if (strings[line].start)
            memcpy(PyBytes_AS_STRING(text) + offset[line], strings[line].start, (size_t)strings[line].length);
    answer = PyTuple_Pack(4, states, ends, offsets, text);
done:
    free(strings);
    Py_XDECREF(ends);
    Py_XDECREF(offsets);
    Py_XDECREF(states);
    Py_XDECREF(text);
    return answer;
}

static void free_table(table *fields) {
    for (int i = 0; i < fields->count; i++)
        if (fields->fields[i].inner) free_table(fields->fields[i].inner);
    free(fields);
}

static void free_capsule(PyObject *capsule) {
    free_table(PyCapsule_GetPointer(capsule, "blift.fields"));
}

static table *table_of(PyObject *rows);

/* Adds a field: (name, forms, least, most, is needed, is asked, fields of an object). */
static bool add_field(table *fields, PyObject *row) {
    const char *name;
    Py_ssize_t length;
    long long least, most;
    int needed, asked;
    PyObject *inner;
    if (fields->count == FIELDS) return PyErr_Format(PyExc_ValueError, "more than %d fields", FIELDS), false;
    field *one = &fields->fields[fields->count];
    if (!PyArg_ParseTuple(row, "s#ILLppO", &name, &length, &one->forms, &least, &most, &needed, &asked, &inner))
        return false;
    if (length > (Py_ssize_t)sizeof(one->name)) return PyErr_Format(PyExc_ValueError, "a long name: %s", name), false;
    memcpy(one->name, name, (size_t)length);
    one->length = (size_t)length, one->least = least, one->most = most;
    one->bit = UINT64_C(1) << fields->count;
    fields->count++;
    if (needed) fields->needed |= one->bit;
    if (asked) fields->asked = one->bit;
    field **bucket = &fields->buckets[bucket_of((place)name, one->length)];
    one->next = *bucket, *bucket = one;
    return inner == Py_None || (one->inner = table_of(inner)) != NULL;
}

static table *table_of(PyObject *rows) {
    if (!PyTuple_Check(rows)) return PyErr_Format(PyExc_TypeError, "fields are a tuple"), NULL;
    table *fields = calloc(1, sizeof(table));
    if (fields == NULL) return PyErr_NoMemory(), NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(rows); i++)
        if (!add_field(fields, PyTuple_GET_ITEM(rows, i))) return free_table(fields), NULL;
    return fields;
}

PyDoc_STRVAR(fields_doc, "fields(rows): what `plain` checks; a row is (name, forms, least, most, needed, asked, fields).");

static PyObject *fields(PyObject *Py_UNUSED(self), PyObject *rows) {
    table *made = table_of(rows);
    return made ? PyCapsule_New(made, "blift.fields", free_capsule) : NULL;
}

static PyMethodDef methods[] = {
    {"plain", (PyCFunction)(void (*)(void))plain, METH_FASTCALL, plain_doc},
    {"fields", fields, METH_O, fields_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_plain", .m_doc = "Lines of JSON in plain form.", .m_methods = methods,
};

PyMODINIT_FUNC PyInit__plain(void) {
    return PyModule_Create(&module);
}
