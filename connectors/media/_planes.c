/* Picks pixels out of a decoder's planes and converts them: what connectors/media/yuv.py does with OpenCV, value for value,
 * without its fifteen calls and the planes between them.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

enum { CACHE_LINE = 64, AHEAD = 2 };

/* FFmpeg's products with coefficients, upper halves of 32 bits. */
typedef struct {
    int16_t offset, luma, red_v, green_u, green_v, blue_u;
} factors;

/* A plane of luma or chroma, and which of its columns and lines are picked. */
typedef struct {
    Py_buffer view;
    Py_ssize_t stride;
    const int32_t *columns, *lines;
} plane;

static inline int16_t product(int16_t sample, int16_t factor) {
    return (int16_t)((sample * factor) >> 16);
}

static inline uint8_t saturated(int16_t level) {
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

WIDE static void convert(const uint8_t *restrict luma, const uint8_t *restrict u, const uint8_t *restrict v,
                         uint8_t *restrict bgr, int width, factors by) {
    for (int i = 0; i < width; i++) {
        const int16_t level = product((int16_t)((luma[i] - by.offset) * 8), by.luma);
        const int16_t blueness = (int16_t)((u[i] - 128) * 8), redness = (int16_t)((v[i] - 128) * 8);
        bgr[3 * i] = saturated((int16_t)(level + product(blueness, by.blue_u)));
        bgr[3 * i + 1] = saturated((int16_t)(level + product(blueness, by.green_u) + product(redness, by.green_v)));
        bgr[3 * i + 2] = saturated((int16_t)(level + product(redness, by.red_v)));
    }
}

/* Asks for a line of a plane ahead of its turn: it comes from where the decoder put it, out of the caches. */
static void prefetch(const plane *from, int y, int width, int shift) {
#if defined(__GNUC__)
    const char *line = (const char *)from->view.buf + from->lines[y] * from->stride;
    const Py_ssize_t bytes = (from->columns[width - 1] + (Py_ssize_t)1) << (shift > 0);
    for (Py_ssize_t at = 0; at < bytes; at += CACHE_LINE) __builtin_prefetch(line + at);
#else
    (void)from, (void)y, (void)width, (void)shift;
#endif
}

static void pick(const plane *from, int y, int width, int shift, uint8_t *row) {
    const uint8_t *line = (const uint8_t *)from->view.buf + from->lines[y] * from->stride;
    const int32_t *columns = from->columns;
    if (shift == 0) {
        for (int x = 0; x < width; x++) row[x] = line[columns[x]];
        return;
    }
    for (int x = 0; x < width; x++) { /* little-endian samples of two bytes */
        const uint8_t *sample = line + 2 * (Py_ssize_t)columns[x];
        row[x] = (uint8_t)((sample[0] | sample[1] << 8) >> shift);
    }
}

/* Whether all that is picked lies within the plane. */
static int lies_within(const plane *from, Py_ssize_t width, Py_ssize_t height, int shift) {
    const Py_ssize_t bytes = shift ? 2 : 1;
    Py_ssize_t right = 0, last = 0;
    for (Py_ssize_t x = 0; x < width; x++) {
        if (from->columns[x] < 0) return 0;
        if (from->columns[x] > right) right = from->columns[x];
    }
    for (Py_ssize_t y = 0; y < height; y++) {
        if (from->lines[y] < 0) return 0;
        if (from->lines[y] > last) last = from->lines[y];
    }
    return from->stride > 0 && (right + 1) * bytes <= from->stride &&
           last <= (from->view.len - (right + 1) * bytes) / from->stride;
}

PyDoc_STRVAR(picked_doc,
             "picked(bgr, width, height, shift, factors, places, luma, stride, u, stride, v, stride)\n--\n\n"
             "Writes a BGR picture (height, width, 3) of the picked pixels of three planes.\n\n"
             "shift: bits above 8 of each sample. factors: offset of luma, then what luma is multiplied with, V for red,\n"
             "U and V for green, U for blue, int16. places: columns and lines of luma, then of chroma, int32.\n\n"
             "Raises ValueError where a place lies outside of its plane, or a buffer is too small.");

static PyObject *picked(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    (void)self;
    if (count != 12) return PyErr_Format(PyExc_TypeError, "picked takes 12 arguments, not %zd", count);
    const long width = PyLong_AsLong(arguments[1]), height = PyLong_AsLong(arguments[2]);
    const long shift = PyLong_AsLong(arguments[3]);
    plane planes[3];
    for (int which = 0; which < 3; which++) planes[which].stride = PyLong_AsSsize_t(arguments[7 + 2 * which]);
    if (PyErr_Occurred()) return NULL;
    if (width < 1 || height < 1 || width > 1 << 16 || height > 1 << 16 || shift < 0 || shift > 8)
        return PyErr_Format(PyExc_ValueError, "a picture of %ld x %ld, %ld bits above 8", width, height, shift);
    PyObject *answer = NULL;
    uint8_t *rows = NULL;
    Py_buffer bgr, by, places;
    int held = 0, planes_held = 0;
    Py_buffer *const views[3] = {&bgr, &by, &places};
    PyObject *const given[3] = {arguments[0], arguments[4], arguments[5]};
    const Py_ssize_t needed[3] = {3 * (Py_ssize_t)width * height, (Py_ssize_t)sizeof(factors),
                                  2 * (Py_ssize_t)sizeof(int32_t) * (width + height)};
    for (; held < 3; held++) {
        if (PyObject_GetBuffer(given[held], views[held], held ? PyBUF_CONTIG_RO : PyBUF_CONTIG) < 0) goto done;
        if (views[held]->len != needed[held]) {
            PyErr_Format(PyExc_ValueError, "%zd bytes, where %zd are needed", views[held]->len, needed[held]);
            held++;
            goto done;
        }
    }
    for (; planes_held < 3; planes_held++) {
        plane *one = &planes[planes_held];
        one->columns = (const int32_t *)places.buf + (planes_held ? width + height : 0);
        one->lines = one->columns + width;
        if (PyObject_GetBuffer(arguments[6 + 2 * planes_held], &one->view, PyBUF_CONTIG_RO) < 0) goto done;
        if (!lies_within(one, width, height, (int)shift)) {
            PyErr_Format(PyExc_ValueError, "plane %d: a place lies outside", planes_held);
            planes_held++;
            goto done;
        }
    }
    rows = malloc(3 * (size_t)width);
    if (rows == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (int y = 0; y < height; y++) {
        if (y + AHEAD < height)
            for (int which = 0; which < 3; which++) prefetch(&planes[which], y + AHEAD, (int)width, (int)shift);
        for (int which = 0; which < 3; which++) pick(&planes[which], y, (int)width, (int)shift, rows + which * width);
        convert(rows, rows + width, rows + 2 * width, (uint8_t *)bgr.buf + 3 * (size_t)width * y, (int)width,
                *(const factors *)by.buf);
    }
    answer = Py_NewRef(Py_None);
done:
    free(rows);
    while (planes_held > 0) PyBuffer_Release(&planes[--planes_held].view);
    while (held > 0) PyBuffer_Release(views[--held]);
    return answer;
}

static PyMethodDef methods[] = {
    {"picked", (PyCFunction)(void (*)(void))picked, METH_FASTCALL, picked_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_planes", .m_doc = "Pixels picked out of planes.", .m_methods = methods,
};

PyMODINIT_FUNC PyInit__planes(void) {
    return PyModule_Create(&module);
}
