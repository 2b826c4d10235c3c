/* Every line of a plane of luma scaled to 32 pixels, as Pillow's first pass of LANCZOS does it, value for value.
 *
 * Pillow adds products of samples and whole weights of 22 bits in 32. Here weights are halves of 16 bits, so that one
 * instruction multiplies and adds eight or sixteen samples at a time.
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

enum { SIDE = 32, HALF = 8, WHOLE = 22, LONGEST = 1 << 16 };

/* One line. `samples`: with zeros after it where windows reach beyond. `weights`: (SIDE, 2, span), lower halves, then upper. */
WIDE static void scale(const int16_t *restrict samples, const int32_t *restrict first, const int16_t *restrict weights,
                       int span, uint8_t *restrict scaled) {
    for (int place = 0; place < SIDE; place++) {
        const int16_t *window = samples + first[place], *low = weights + (size_t)place * 2 * span, *high = low + span;
        int32_t lower = 0, upper = 0;
        for (int i = 0; i < span; i++) {
            lower += window[i] * low[i];
            upper += window[i] * high[i];
        }
        const int32_t level = (lower + upper * (1 << HALF) + (1 << (WHOLE - 1))) >> WHOLE;
        scaled[place] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
    }
}

WIDE static void widen(const uint8_t *restrict line, int16_t *restrict samples, Py_ssize_t width) {
    for (Py_ssize_t x = 0; x < width; x++) samples[x] = line[x];
}

PyDoc_STRVAR(across_doc,
             "across(luma, first, weights, scaled)\n--\n\n"
             "Scales luma (height, width) to scaled (height, 32), both uint8; lines of luma may be padded.\n\n"
             "first: int32, (32,), where the windows begin. weights: int16, (32, 2, span), lower halves of the weights of a\n"
             "window, then upper ones, in units of 2 ** -22 and 2 ** -14.\n\n"
             "Raises ValueError where shapes do not fit.");

static PyObject *across(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    (void)self;
    if (count != 4) return PyErr_Format(PyExc_TypeError, "across takes 4 arguments, not %zd", count);
    static const int flags[4] = {PyBUF_STRIDED_RO, PyBUF_CONTIG_RO, PyBUF_CONTIG_RO, PyBUF_CONTIG};
    Py_buffer views[4];
    PyObject *answer = NULL;
    int16_t *samples = NULL;
    int held = 0;
    for (; held < 4; held++)
        if (PyObject_GetBuffer(arguments[held], &views[held], flags[held]) < 0) goto done;
    const Py_buffer *luma = &views[0];
    const int32_t *first = views[1].buf;
    const Py_buffer *halves = &views[2];
    const Py_ssize_t span = halves->ndim == 3 ? halves->shape[2] : 0;
    int fits = luma->ndim == 2 && luma->itemsize == 1 && luma->strides[1] == 1 && luma->shape[1] <= LONGEST &&
               span > 0 && span <= LONGEST && halves->shape[0] == SIDE && halves->shape[1] == 2 &&
               halves->itemsize == sizeof(int16_t) && views[1].len == SIDE * (Py_ssize_t)sizeof(int32_t) &&
               views[3].len == luma->shape[0] * SIDE;
    for (int place = 0; fits && place < SIDE; place++) fits = first[place] >= 0 && first[place] < luma->shape[1];
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "shapes of luma, first, weights and scaled do not fit");
        goto done;
    }
    samples = calloc((size_t)(luma->shape[1] + span), sizeof(int16_t));
    if (samples == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t y = 0; y < luma->shape[0]; y++) {
        widen((const uint8_t *)luma->buf + y * luma->strides[0], samples, luma->shape[1]);
        scale(samples, first, halves->buf, (int)span, (uint8_t *)views[3].buf + y * SIDE);
    }
    Py_END_ALLOW_THREADS
    answer = Py_NewRef(Py_None);
done:
    free(samples);
    while (held > 0) PyBuffer_Release(&views[--held]);
    return answer;
}

static PyMethodDef methods[] = {
    {"across", (PyCFunction)(void (*)(void))across, METH_FASTCALL, across_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_lanczos", .m_doc = "Pillow's LANCZOS to 32 pixels.", .m_methods = methods,
};

PyMODINIT_FUNC PyInit__lanczos(void) {
    return PyModule_Create(&module);
}
