/* How much a picture differs from the one before, in one pass over both: what transforms/media/change.py computes with
 * OpenCV, value for value. Between two decoded frames nothing of that is in the caches, neither the planes that OpenCV's
 * functions hand on nor their code, and it costs two to three times what it costs alone.
 *
 * Edges are kept as bits, a row in whole words, so that following them, widening them and counting where they differ take
 * a word at a time.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

typedef uint64_t word;
enum { BITS = 64, HUES = 180, FIXED = 12, LEVELS = 256, LONGEST = 1 << 14 };

/* OpenCV's RGB2HSV_b divides by tables of 20.12 fixed point, rounded. Rounded quotients of single precision are the same
 * numbers (a test compares every colour), and are computed for many pixels at once. */
static inline int32_t rounded(float quotient) {
    const float whole = 12582912.0f; /* 1.5 * 2 ** 23: the sum has no bits behind the point */
    return (int32_t)((quotient + whole) - whole);
}

WIDE static void to_hsv(const uint8_t *restrict picture, uint8_t *restrict hue, uint8_t *restrict saturation,
                        uint8_t *restrict value, size_t count) {
    const int32_t half = 1 << (FIXED - 1);
    for (size_t i = 0; i < count; i++) {
        const int32_t b = picture[3 * i], g = picture[3 * i + 1], r = picture[3 * i + 2];
        const int32_t highest = b > g ? (b > r ? b : r) : (g > r ? g : r);
        const int32_t lowest = b < g ? (b < r ? b : r) : (g < r ? g : r);
        const int32_t range = highest - lowest;
        const int32_t sector = highest == r ? g - b : highest == g ? b - r + 2 * range : r - g + 4 * range;
        const int32_t of_range = rounded((float)(HUES / 6 << FIXED) / (float)(range | !range));
        const int32_t of_highest = rounded((float)(255 << FIXED) / (float)(highest | !highest));
        const int32_t turn = (sector * of_range + half) >> FIXED;
        hue[i] = (uint8_t)(turn < 0 ? turn + HUES : turn);
        saturation[i] = (uint8_t)((range * of_highest + half) >> FIXED);
        value[i] = (uint8_t)highest;
    }
}

WIDE static uint64_t difference(const uint8_t *restrict one, const uint8_t *restrict other, size_t count) {
    uint64_t sum = 0;
    for (size_t start = 0; start < count; start += 1 << 20) {
        const size_t stop = start + (1 << 20) < count ? start + (1 << 20) : count;
        uint32_t part = 0;
        for (size_t i = start; i < stop; i++) part += (uint32_t)abs(one[i] - other[i]);
        sum += part;
    }
    return sum;
}

static double median(const uint8_t *plane, size_t count) {
    uint32_t histogram[4][LEVELS] = {{0}};
    size_t i = 0;
    for (; i + 4 <= count; i += 4)
        for (int lane = 0; lane < 4; lane++) histogram[lane][plane[i + lane]]++;
    for (; i < count; i++) histogram[0][plane[i]]++;
    const size_t places[2] = {(count - 1) / 2, count / 2};
    int levels[2] = {0, 0};
    for (int which = 0; which < 2; which++) {
        size_t below = 0;
        for (int level = 0; level < LEVELS; level++) {
            below += histogram[0][level] + histogram[1][level] + histogram[2][level] + histogram[3][level];
            if (below > places[which]) {
                levels[which] = level;
                break;
            }
        }
    }
    return (levels[0] + levels[1]) / 2.0;
}

/* Sobel's gradients of a row, lines beyond the picture being its outermost, and their magnitudes |dx| + |dy|.
 * The rows given have one sample more on either side. */
WIDE static void gradients(const uint8_t *restrict above, const uint8_t *restrict row, const uint8_t *restrict below,
                           int16_t *restrict dx, int16_t *restrict dy, int16_t *restrict magnitude, int width) {
    for (int i = 0; i < width; i++) {
        const int16_t across = (int16_t)((above[i + 2] - above[i]) + 2 * (row[i + 2] - row[i]) + (below[i + 2] - below[i]));
        const int16_t down = (int16_t)((below[i] + 2 * below[i + 1] + below[i + 2]) -
                                       (above[i] + 2 * above[i + 1] + above[i + 2]));
        dx[i] = across;
        dy[i] = down;
        magnitude[i] = (int16_t)((across < 0 ? -across : across) + (down < 0 ? -down : down));
    }
}

/* Which pixels of a row are the highest across their edge: 1 where above `low`, 3 where above `high`. The magnitudes have
 * a zero on either side of each row. OpenCV's tangent of 22.5 degrees is 13573 / 2 ** 15, that of 67.5 two more; its
 * products are never whole but for 0, so they can be cut off. */
WIDE static void ridges(const int16_t *restrict dx, const int16_t *restrict dy, const int16_t *restrict above,
                        const int16_t *restrict row, const int16_t *restrict below, uint8_t *restrict found, int width,
                        int16_t low, int16_t high) {
    for (int i = 0; i < width; i++) {
        const int16_t m = row[i + 1], x = (int16_t)(dx[i] < 0 ? -dx[i] : dx[i]), y = (int16_t)(dy[i] < 0 ? -dy[i] : dy[i]);
        const int16_t twice = (int16_t)(2 * x), flat = (int16_t)((twice * 13573) >> 16);
        const int16_t across = (m > row[i]) & (m >= row[i + 2]);
        const int16_t down = (m > above[i + 1]) & (m >= below[i + 1]);
        const int16_t falling = (m > above[i]) & (m > below[i + 2]), rising = (m > above[i + 2]) & (m > below[i]);
        const int16_t aslant = (int16_t)(dx[i] ^ dy[i]) < 0 ? rising : falling;
        const int16_t ridge = y <= flat ? across : (int16_t)(y - twice) > flat ? down : aslant;
        found[i] = (uint8_t)((ridge & (m > low)) | (ridge & (m > high)) << 1);
    }
}

/* Bit `which` of each byte, as the bits of words. `found` is filled up with zeros to whole words. */
static void pack(const uint8_t *found, int which, word *bits, int words) {
    for (int w = 0; w < words; w++) {
        word packed = 0;
        for (int byte = 0; byte < 8; byte++) {
            word eight;
            memcpy(&eight, found + w * BITS + byte * 8, 8);
            eight = (eight >> which) & 0x0101010101010101u;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            eight = (eight * 0x8040201008040201u) >> 56;
#else
            eight = (eight * 0x0102040810204080u) >> 56;
#endif
            packed |= eight << (byte * 8);
        }
        bits[w] = packed;
    }
}

static word left_of(const word *row, int w, int by) {
    return row[w] << by | (w ? row[w - 1] >> (BITS - by) : 0);
}

static word right_of(const word *row, int w, int words, int by) {
    return row[w] >> by | (w + 1 < words ? row[w + 1] << (BITS - by) : 0);
}

/* `sure` pixels make the ones of `row` sure that they touch, along the row. Whether any became so. */
static int follow_row(word *sure, const word *row, int words) {
    word changed = 0, carry = 0;
    for (int w = 0; w < words; w++) { /* towards higher bits: a sum carries along a run of ones */
        const word seeds = sure[w] | (carry & row[w]);
        const word sum = row[w] + seeds;
        const word filled = seeds | (row[w] & ~sum);
        carry = filled >> (BITS - 1);
        changed |= filled ^ sure[w];
        sure[w] = filled;
    }
    carry = 0;
    for (int w = words - 1; w >= 0; w--) { /* towards lower bits: in steps that double */
        word filled = sure[w] | (carry & row[w]), run = row[w];
        for (int by = 1; by < BITS; by *= 2) {
            filled |= run & (filled >> by);
            run &= run >> by;
        }
        carry = filled << (BITS - 1);
        changed |= filled ^ sure[w];
        sure[w] = filled;
    }
    return changed != 0;
}

static int follow_from(word *sure, const word *row, const word *neighbour, int words) {
    word fresh = 0;
    for (int w = 0; w < words; w++) {
        const word near = neighbour[w] | left_of(neighbour, w, 1) | right_of(neighbour, w, words, 1);
        const word reached = near & row[w] & ~sure[w];
        sure[w] |= reached;
        fresh |= reached;
    }
    return fresh ? (follow_row(sure, row, words), 1) : 0;
}

/* All pixels of `ridge` that are connected with sure ones, over sides and corners. */
static void follow(word *sure, const word *ridge, int height, int words) {
    for (int y = 0; y < height; y++) follow_row(sure + (size_t)y * words, ridge + (size_t)y * words, words);
    for (int changed = 1; changed;) {
        changed = 0;
        for (int y = 1; y < height; y++) {
            word *row = sure + (size_t)y * words;
            changed |= follow_from(row, ridge + (size_t)y * words, row - words, words);
        }
        for (int y = height - 2; y >= 0; y--) {
            word *row = sure + (size_t)y * words;
            changed |= follow_from(row, ridge + (size_t)y * words, row + words, words);
        }
    }
}

/* Widened by `radius` pixels (less than a word) to all sides, within the picture. */
static void widen(const word *edges, word *wider, word *across, int width, int height, int words, int radius) {
    const word last = width % BITS ? ((word)1 << (width % BITS)) - 1 : ~(word)0;
    for (int y = 0; y < height; y++) {
        const word *row = edges + (size_t)y * words;
        for (int w = 0; w < words; w++) {
            word reached = row[w];
            for (int by = 1; by <= radius; by++) reached |= left_of(row, w, by) | right_of(row, w, words, by);
            across[(size_t)y * words + w] = w == words - 1 ? reached & last : reached;
        }
    }
    for (int y = 0; y < height; y++) {
        const int first = y < radius ? 0 : y - radius, stop = y + radius < height ? y + radius + 1 : height;
        for (int w = 0; w < words; w++) {
            word reached = 0;
            for (int other = first; other < stop; other++) reached |= across[(size_t)other * words + w];
            wider[(size_t)y * words + w] = reached;
        }
    }
}

/* Canny's edges of a plane, widened. False where there is no memory. */
static int find_edges(const uint8_t *value, int width, int height, int radius, word *edges) {
    const double middle = median(value, (size_t)width * height), share = 1.0 / 3.0;
    const double lower = (1.0 - share) * middle, upper = (1.0 + share) * middle;
    const int low = (int)lower, high = (int)(upper < 255.0 ? upper : 255.0);
    const int words = (width + BITS - 1) / BITS, padded = width + 2;
    const size_t samples = (size_t)padded * 3, all = (size_t)words * height;
    const size_t bytes = samples + (size_t)words * BITS + sizeof(int16_t) * ((size_t)padded * 3 + (size_t)width * 4 + 8) +
                         sizeof(word) * (all * 3 + 1);
    uint8_t *memory = calloc(1, bytes);
    if (memory == NULL) return 0;
    word *ridge = (word *)memory, *sure = ridge + all, *across = sure + all;
    int16_t *magnitudes = (int16_t *)(across + all), *gradient = magnitudes + (size_t)padded * 3;
    uint8_t *rows = (uint8_t *)(gradient + (size_t)width * 4 + 8), *found = rows + samples;
    const uint8_t *row_of[3];
    int16_t *magnitude_of[3];
    for (int y = -1; y <= height; y++) { /* the gradients of line y, and the ridges of the line above */
        int16_t *magnitude = magnitudes + (size_t)((y + 3) % 3) * padded;
        int16_t *dx = gradient + (size_t)(y & 1) * 2 * width;
        if (y < 0 || y == height) {
            memset(magnitude, 0, sizeof(int16_t) * padded);
        } else {
            for (int line = y ? y + 1 : y - 1; line <= y + 1; line++) {
                const uint8_t *source = value + (size_t)(line < 0 ? 0 : line < height ? line : height - 1) * width;
                uint8_t *row = rows + (size_t)((line + 3) % 3) * padded;
                row[0] = source[0];
                memcpy(row + 1, source, width);
                row[width + 1] = source[width - 1];
            }
            for (int line = 0; line < 3; line++) row_of[line] = rows + (size_t)((y + line + 2) % 3) * padded;
            gradients(row_of[0], row_of[1], row_of[2], dx, dx + width, magnitude + 1, width);
        }
        if (y < 1) continue;
        for (int line = 0; line < 3; line++) magnitude_of[line] = magnitudes + (size_t)((y + line + 1) % 3) * padded;
        dx = gradient + (size_t)((y - 1) & 1) * 2 * width;
        ridges(dx, dx + width, magnitude_of[0], magnitude_of[1], magnitude_of[2], found, width, (int16_t)low, (int16_t)high);
        pack(found, 0, ridge + (size_t)(y - 1) * words, words);
        pack(found, 1, sure + (size_t)(y - 1) * words, words);
    }
    follow(sure, ridge, height, words);
    widen(sure, edges, across, width, height, words, radius);
    free(memory);
    return 1;
}

static uint64_t count_differing(const word *one, const word *other, size_t words) {
    uint64_t count = 0;
    for (size_t w = 0; w < words; w++) {
#if defined(__GNUC__)
        count += (uint64_t)__builtin_popcountll(one[w] ^ other[w]);
#else
        for (word left = one[w] ^ other[w]; left; left &= left - 1) count++;
#endif
    }
    return count;
}

PyDoc_STRVAR(look_doc,
             "look(picture, width, height, radius, hsv, edges, hsv_before, edges_before)\n--\n\n"
             "Writes hue, saturation and value of a picture (height, width, 3), BGR, to the planes of hsv, and its edges\n"
             "widened by radius to edges, as bits, 64 in a word of uint64. Returns the sums of absolute differences from\n"
             "those before, of hue, saturation and value, and in how many pixels edges differ.\n\n"
             "Raises ValueError where a buffer has not the size that width and height ask for.");

static PyObject *look(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    (void)self;
    if (count != 8) return PyErr_Format(PyExc_TypeError, "look takes 8 arguments, not %zd", count);
    const long width = PyLong_AsLong(arguments[1]), height = PyLong_AsLong(arguments[2]);
    const long radius = PyLong_AsLong(arguments[3]);
    if (PyErr_Occurred()) return NULL;
    if (width < 1 || height < 1 || width > LONGEST || height > LONGEST || radius < 0 || radius >= BITS)
        return PyErr_Format(PyExc_ValueError, "a picture of %ld x %ld, a radius of %ld", width, height, radius);
    const Py_ssize_t pixels = width * height, words = (width + BITS - 1) / BITS * height;
    const Py_ssize_t needed[5] = {3 * pixels, 3 * pixels, words * (Py_ssize_t)sizeof(word), 3 * pixels,
                                  words * (Py_ssize_t)sizeof(word)};
    PyObject *const given[5] = {arguments[0], arguments[4], arguments[5], arguments[6], arguments[7]};
    Py_buffer views[5];
    int held = 0;
    PyObject *answer = NULL;
    for (; held < 5; held++) {
        const int flags = held == 1 || held == 2 ? PyBUF_CONTIG : PyBUF_CONTIG_RO;
        if (PyObject_GetBuffer(given[held], &views[held], flags) < 0) goto done;
        if (views[held].len != needed[held]) {
            PyErr_Format(PyExc_ValueError, "%zd bytes, where %zd are needed", views[held].len, needed[held]);
            held++;
            goto done;
        }
    }
    const uint8_t *picture = views[0].buf;
    uint8_t *hsv = views[1].buf;
    word *edges = views[2].buf;
    to_hsv(picture, hsv, hsv + pixels, hsv + 2 * pixels, (size_t)pixels);
    if (!find_edges(hsv + 2 * pixels, (int)width, (int)height, (int)radius, edges)) {
        PyErr_NoMemory();
    } else {
        const uint8_t *before = views[3].buf;
        unsigned long long sums[3];
        for (int plane = 0; plane < 3; plane++)
            sums[plane] = difference(hsv + plane * pixels, before + plane * pixels, (size_t)pixels);
        const unsigned long long differing = count_differing(edges, views[4].buf, (size_t)words);
        answer = Py_BuildValue("KKKK", sums[0], sums[1], sums[2], differing);
    }
done:
    while (held > 0) PyBuffer_Release(&views[--held]);
    return answer;
}

static PyMethodDef methods[] = {
    {"look", (PyCFunction)(void (*)(void))look, METH_FASTCALL, look_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_change", .m_doc = "The content detector's sums, in one pass.", .m_methods = methods,
};

PyMODINIT_FUNC PyInit__change(void) {
    return PyModule_Create(&module);
}
