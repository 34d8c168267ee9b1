/* The arithmetic of one image or one block of rows: no threads, no memory of its own. */
#ifndef CONVSCOPE_KERNELS_H
#define CONVSCOPE_KERNELS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "engine.h"

/* A vector is one register: wider ones the compilers cut up badly. */
#if defined(__AVX512F__)
enum { WIDTH = 16, REGISTERS = 32 };
#elif defined(__AVX__)
enum { WIDTH = 8, REGISTERS = 16 };
#elif defined(__aarch64__)
enum { WIDTH = 4, REGISTERS = 32 };
#else
enum { WIDTH = 4, REGISTERS = 16 };
#endif
typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ivec __attribute__((vector_size(4 * WIDTH)));
typedef uint8_t bvec __attribute__((vector_size(WIDTH)));
typedef float loose_vec __attribute__((vector_size(4 * WIDTH), aligned(4)));
typedef uint8_t loose_bvec __attribute__((vector_size(WIDTH), aligned(1)));

/* A tile keeps as many sums in registers as fit beside what they are made from: MOST(V) of V vectors each, and 12 of one
 * vector, which hide the latency of a multiplication. */
enum { TILE_VECS = REGISTERS == 32 ? 4 : 2 };
#define MOST(V) (REGISTERS == 32 ? ((V) < 3 ? 12 : (V) == 3 ? 8 : 6) : (V) == 1 ? 12 : 6)
/* Call a tile of `size`, from 1 to MOST(V), with each size its own code. */
#define SIZE(N, V, CALL) case N: if (N <= MOST(V)) CALL(N, V); break;
#define SIZES(size, V, CALL) \
  switch (size) { \
    SIZE(1, V, CALL) SIZE(2, V, CALL) SIZE(3, V, CALL) SIZE(4, V, CALL) SIZE(5, V, CALL) SIZE(6, V, CALL) \
    SIZE(7, V, CALL) SIZE(8, V, CALL) SIZE(9, V, CALL) SIZE(10, V, CALL) SIZE(11, V, CALL) SIZE(12, V, CALL) \
  }
/* Where `left` is large and what is over hardly matters: tiles of MOST(V), then of four, then of one. */
#define FEW_SIZES(left, size, V, CALL) \
  if (left >= MOST(V)) { size = MOST(V); CALL(MOST(V), V); } \
  else if (left >= 4) { size = 4; CALL(4, V); } \
  else { size = 1; CALL(1, V); }
/* The same for a number of vectors, from 1 to TILE_VECS. */
#define VEC(N, CALL) case N: if (N <= TILE_VECS) CALL(N) break;
#define ALL_VECS(vecs, CALL) switch (vecs) { VEC(1, CALL) VEC(2, CALL) VEC(3, CALL) VEC(4, CALL) }

enum { NO_WINNER = 255, MAX_WINDOW = 200 };
#define UNROLL _Pragma("GCC unroll 32")
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) { return *(const loose_vec *)p; }
INLINE void store(float *p, vec v) { *(loose_vec *)p = v; }
/* Bytes to numbers and back. The intrinsics because GCC converts these vectors one number after the other. */
INLINE ivec widen(const uint8_t *p) {
#if defined(__AVX512F__)
  return (ivec)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
#elif defined(__AVX2__)
  return (ivec)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
#else
  return __builtin_convertvector(*(const loose_bvec *)p, ivec);
#endif
}
INLINE void narrow(uint8_t *p, ivec v) {
#if defined(__AVX512F__)
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)v));
#else
  *(loose_bvec *)p = __builtin_convertvector(v, bvec);
#endif
}
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }
static inline int clamp(int value, int least, int most) { return value < least ? least : value > most ? most : value; }
/* Clamped to 0..most; what is no number becomes 0. */
INLINE vec within(vec v, float most) {
  v = choose(v > 0, v, (vec){0});
  return choose(v < most, v, (vec){0} + most);
}
INLINE vec square_root(vec v) {
  vec r;
  for (int i = 0; i < WIDTH; i++) r[i] = sqrtf(v[i]);
  return r;
}
/* Lane i is the sum of v[i]; folding by halves, quarters and so on, or one by one where vectors are short. */
#if defined(__AVX512F__)
INLINE vec fold(vec a, vec b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
         __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}
INLINE vec fold_quarters(vec a, vec b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
         __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
INLINE vec fold_pairs(vec a, vec b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
         __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
}
INLINE vec fold_singles(vec a, vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
         __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
INLINE void sums_of(const vec *v, float *sums) {
  vec a[8], b[4];
  UNROLL for (int i = 0; i < 8; i++) a[i] = fold(v[2 * i], v[2 * i + 1]);
  UNROLL for (int i = 0; i < 4; i++) b[i] = fold_quarters(a[2 * i], a[2 * i + 1]);
  store(sums, fold_singles(fold_pairs(b[0], b[1]), fold_pairs(b[2], b[3])));
}
#else
INLINE void sums_of(const vec *v, float *sums) {
  for (int i = 0; i < 16; i++) {
    sums[i] = 0;
    UNROLL for (int k = 0; k < WIDTH; k++) sums[i] += v[i][k];
  }
}
#endif
/* The next of the parts into which `left` is cut, none above `most` and all about as large: ten positions are five and five. */
static inline int part_of(int left, int most) {
  int parts = (left + most - 1) / most;
  return (left + parts - 1) / parts;
}
INLINE vec positive(vec v) { return choose(v > 0, v, (vec){0}); }
static inline int padded(int channels) { return (channels + LANES - 1) / LANES * LANES; }

/* ---------------------------------------------------------------- convolution, forward */

/* P positions of one row, V vectors of output channels. `in` is at the first position's first tap; the taps are `kernel_h`
 * rows of `spans` times `span` floats side by side, which are (kx, c) unless channels are padded. */
INLINE void conv_tile(const int P, const int V, const float *in, int row, int stride, const float *kernel, int kernel_h,
                      int spans, int span, int out_stride, const float *bias, int relu, float *out) {
  vec sum[12][4];
  UNROLL for (int v = 0; v < V; v++)
    UNROLL for (int p = 0; p < P; p++) sum[p][v] = bias ? load(bias + WIDTH * v) : (vec){0};
  for (int ky = 0; ky < kernel_h; ky++)
    for (int s = 0; s < spans; s++) {
      const float *x = in + (int64_t)ky * row + s * stride;
      for (int t = 0; t < span; t++, kernel += out_stride) {
        vec w[4];
        UNROLL for (int v = 0; v < V; v++) w[v] = load(kernel + WIDTH * v);
        UNROLL for (int p = 0; p < P; p++)
          UNROLL for (int v = 0; v < V; v++) sum[p][v] += x[p * stride + t] * w[v];
      }
    }
  UNROLL for (int p = 0; p < P; p++)
    UNROLL for (int v = 0; v < V; v++) store(out + p * out_stride + WIDTH * v, relu ? positive(sum[p][v]) : sum[p][v]);
}

/* The usual kernels on images, for which loops of a few rounds are written out: one channel with 3 x 3 or 5 x 5 taps, three
 * channels with 3 x 3. */
enum { MANY = 0, GREY_3X3, GREY_5X5, COLOUR_3X3 };
static inline int few_channels(int stride, int kernel_h, int kernel_w) {
  if (stride == 1 && kernel_h == 3 && kernel_w == 3) return GREY_3X3;
  if (stride == 1 && kernel_h == 5 && kernel_w == 5) return GREY_5X5;
  return stride == 3 && kernel_h == 3 && kernel_w == 3 ? COLOUR_3X3 : MANY;
}

/* One row of `n` output positions, all channels. */
static void conv_row(const float *in, int row, int stride, const float *kernel, int kernel_h, int spans, int span,
                     int out_stride, const float *bias, int relu, float *out, int n) {
  int few = few_channels(stride, kernel_h, spans * span / stride);
  for (int o = 0, vecs; o < out_stride; o += vecs * WIDTH) {
    vecs = few ? 1 : part_of((out_stride - o) / WIDTH, TILE_VECS);
#define CONV(P, V, STRIDE, SPANS, SPAN) \
  conv_tile(P, V, in + p * (STRIDE), row, STRIDE, kernel + o, kernel_h, SPANS, SPAN, out_stride, bias ? bias + o : 0, relu, \
            out + p * out_stride + o)
#define CONV_TILE(P, V) CONV(P, V, stride, spans, span)
#define CONV_GREY_3(P, V) CONV(P, V, 1, 1, 3)
#define CONV_GREY_5(P, V) CONV(P, V, 1, 1, 5)
#define CONV_COLOUR_3(P, V) CONV(P, V, 3, 1, 9)
#define CONV_TILES(V, CALL) for (int p = 0, size; p < n; p += size) { size = part_of(n - p, MOST(V)); SIZES(size, V, CALL) }
#define CONV_ROW(V) CONV_TILES(V, CONV_TILE)
    if (few == GREY_3X3) CONV_TILES(1, CONV_GREY_3)
    else if (few == GREY_5X5) CONV_TILES(1, CONV_GREY_5)
    else if (few == COLOUR_3X3) CONV_TILES(1, CONV_COLOUR_3)
    else ALL_VECS(vecs, CONV_ROW)
  }
}

/* ---------------------------------------------------------------- pooling */

/* Floats from a window's first position to its others, in their order. */
static void window_steps(int pool_h, int pool_w, int width, int stride, int32_t *steps) {
  for (int q = 0; q < pool_h * pool_w; q++) steps[q] = (q / pool_w * width + q % pool_w) * stride;
}

/* One row of pooled positions from `pool_h` rows of `width` positions, with the winner's number within each window. */
static void pool_row(const float *in, int width, int stride, int pool_h, int pool_w, int relu, float *out, uint8_t *winner,
                     int n) {
  int32_t steps[MAX_WINDOW], window = pool_h * pool_w;
  window_steps(pool_h, pool_w, width, stride, steps);
  for (int p = 0; p < n; p++)
    for (int o = 0; o < stride; o += WIDTH) {
      const float *x = in + (int64_t)p * pool_w * stride + o;
      vec most = load(x);
      ivec which = {0};
      for (int q = 1; q < window; q++) {
        vec v = load(x + steps[q]);
        ivec larger = v > most;
        most = choose(larger, v, most);
        which = (larger & q) | (~larger & which);
      }
      if (relu) {
        ivec on = most > 0;
        most = choose(on, most, (vec){0});
        which = (on & which) | (~on & NO_WINNER);
      }
      store(out + p * stride + o, most);
      narrow(winner + p * stride + o, which);
    }
}

/* Spread the gradients of pooled positions (rows x columns) over the windows they came from, and zeros beside them. */
static void unpool(const float *grad, const uint8_t *winner, int rows, int columns, int stride, int width, int pool_h,
                   int pool_w, float *out) {
  int32_t steps[MAX_WINDOW], window = pool_h * pool_w;
  window_steps(pool_h, pool_w, width, stride, steps);
  for (int y = 0; y < rows; y++)
    for (int x = 0; x < columns; x++)
      for (int o = 0; o < stride; o += WIDTH) {
        int64_t at = ((int64_t)y * columns + x) * stride + o;
        float *to = out + ((int64_t)y * pool_h * width + x * pool_w) * stride + o;
        ivec which = widen(winner + at);
        vec g = load(grad + at);
        for (int q = 0; q < window; q++) store(to + steps[q], choose(which == q, g, (vec){0}));
      }
}

/* ---------------------------------------------------------------- convolution, backward */

/* What a kernel's gradient is made from: the input, and the gradient of each position of the output; with winners, that of
 * each pooled position, which reaches one position of its window. */
typedef struct {
  const float *x, *grad;
  const uint8_t *winner;
  int row, stride, rows, columns, out_stride, pool_h, pool_w;
} Gradient;

/* Sums over all positions, for V vectors of output channels: of H rows of taps (`sums_row` apart), in each of them W floats
 * that lie side by side. `at` is the first of them at the first position, `o` the first channel. */
INLINE void kernel_tile(const int H, const int W, const int V, const int pooled, const Gradient *of, int64_t at, int o,
                        float *sums, int sums_row) {
  const int row = of->row, stride = of->stride, out_stride = of->out_stride, columns = of->columns;
  const int pool_h = pooled ? of->pool_h : 1, pool_w = pooled ? of->pool_w : 1;
  const float *grad = of->grad + o;
  const uint8_t *winner = pooled ? of->winner + o : 0;
  vec sum[27][4]; /* of row h and float w at h W + w */
  UNROLL for (int i = 0; i < H * W; i++)
    UNROLL for (int v = 0; v < V; v++) sum[i][v] = load(sums + i / W * sums_row + i % W * out_stride + WIDTH * v);
  for (int y = 0; y < of->rows; y++)
    for (int c = 0; c < columns; c++, grad += out_stride) {
      vec g[4];
      ivec which = {0};
      UNROLL for (int v = 0; v < V; v++) g[v] = load(grad + WIDTH * v);
      if (pooled) which = widen(winner), winner += out_stride;
      for (int wy = 0, q = 0; wy < pool_h; wy++) {
        const float *x = of->x + at + (int64_t)(y * pool_h + wy) * row + c * pool_w * stride;
        for (int wx = 0; wx < pool_w; wx++, q++, x += stride) {
          vec d[4];
          UNROLL for (int v = 0; v < V; v++) d[v] = pooled ? choose(which == q, g[v], (vec){0}) : g[v];
          UNROLL for (int i = 0; i < H * W; i++)
            UNROLL for (int v = 0; v < V; v++) sum[i][v] += x[i / W * row + i % W] * d[v];
        }
      }
    }
  UNROLL for (int i = 0; i < H * W; i++)
    UNROLL for (int v = 0; v < V; v++) store(sums + i / W * sums_row + i % W * out_stride + WIDTH * v, sum[i][v]);
}

/* All taps: `kernel_h` rows of `spans` times `span` floats side by side, which are (kx, c) unless channels are padded. */
INLINE void tap_gradients(const int pooled, const Gradient *of, int kernel_h, int spans, int span, float *sums) {
  int sums_row = spans * span * of->out_stride, few = few_channels(of->stride, kernel_h, spans * span / of->stride);
  for (int o = 0, vecs; o < of->out_stride; o += vecs * WIDTH) {
    vecs = few || pooled ? 1 : part_of((of->out_stride - o) / WIDTH, TILE_VECS);
#define ALL_TAPS(H, W) { kernel_tile(H, W, 1, pooled, of, 0, o, sums + o, sums_row); continue; }
    if (few == GREY_3X3) ALL_TAPS(3, 3)
    if (few == GREY_5X5 && REGISTERS == 32) ALL_TAPS(5, 5)
    if (few == COLOUR_3X3 && REGISTERS == 32) ALL_TAPS(3, 9)
#define TAPS_TILE(W, V) kernel_tile(1, W, V, pooled, of, (int64_t)ky * of->row + s * of->stride + t, o, \
                                    sums + (int64_t)ky * sums_row + (s * span + t) * of->out_stride + o, 0)
#define TAPS(V) \
  for (int t = 0, size; t < span && (V == 1 || !pooled); t += size) { FEW_SIZES(span - t, size, V, TAPS_TILE) }
    for (int ky = 0; ky < kernel_h; ky++)
      for (int s = 0; s < spans; s++) ALL_VECS(vecs, TAPS)
  }
}

static void kernel_gradient(const Gradient *of, int kernel_h, int spans, int span, float *sums) {
  if (of->winner) tap_gradients(1, of, kernel_h, spans, span, sums);
  else tap_gradients(0, of, kernel_h, spans, span, sums);
}

/* The sums of the gradient over all positions, without those that no position of the input has won. */
static void bias_gradient(const float *grad, const uint8_t *winner, int positions, int stride, float *sums) {
  for (int o = 0; o < stride; o += WIDTH) {
    vec sum = load(sums + o);
    for (int64_t p = o; p < (int64_t)positions * stride; p += stride) {
      vec g = load(grad + p);
      if (winner) g = choose(widen(winner + p) == NO_WINNER, (vec){0}, g);
      sum += g;
    }
    store(sums + o, sum);
  }
}

/* A winner of one output channel: where its first tap lies, and the gradient that it gets. */
typedef struct {
  int32_t at;
  float grad;
} Winner;

/* List the winners of one channel and return their number. Written and then kept or not, as a branch would be guessed. */
static int list_winners(const float *grad, const uint8_t *winner, int positions, const int32_t *where, int stride, int window,
                        Winner *list) {
  int n = 0;
  for (int p = 0; p < positions; p++) {
    int q = winner[(int64_t)p * stride], on = q != NO_WINNER;
    list[n] = (Winner){where[p * window + (on ? q : 0)], grad[(int64_t)p * stride]};
    n += on;
  }
  return n;
}

/* Kernel's and input's gradient through the winners of one output channel, for a vector of input channels and H x W taps.
 * `kernel`, `sums`: (taps, in); `in_grad` is added to. */
INLINE void winners_tile(const int H, const int W, const float *x, float *in_grad, int64_t row, int64_t stride,
                         const float *kernel, const Winner *list, int n, float *sums) {
  vec sum[9], w[9];
  UNROLL for (int i = 0; i < H * W; i++) sum[i] = load(sums + i * stride), w[i] = load(kernel + i * stride);
  for (const Winner *each = list; each < list + n; each++) {
    vec grad = (vec){0} + each->grad;
    const float *at = x + each->at;
    float *to = in_grad + each->at;
    UNROLL for (int h = 0; h < H; h++, at += row, to += row)
      UNROLL for (int i = 0; i < W; i++) {
        sum[h * W + i] += grad * load(at + i * stride);
        store(to + i * stride, load(to + i * stride) + grad * w[h * W + i]);
      }
  }
  UNROLL for (int i = 0; i < H * W; i++) store(sums + i * stride, sum[i]);
}

static void winners_gradient(const float *x, float *in_grad, int row, int stride, int kernel_h, int kernel_w, const float *kernel,
                             const Winner *list, int n, float *sums) {
  for (int c = 0; c < stride; c += WIDTH) {
#define WINNERS(H, W, KY, KX) winners_tile(H, W, x + c + (KY) * row + (KX) * stride, in_grad + c + (KY) * row + (KX) * stride, \
                                           row, stride, kernel + ((KY) * kernel_w + (KX)) * stride + c, list, n, \
                                           sums + ((KY) * kernel_w + (KX)) * stride + c)
    if (REGISTERS == 32 && kernel_h == 3 && kernel_w == 3) WINNERS(3, 3, 0, 0);
    else for (int ky = 0; ky < kernel_h; ky++) {
      int kx = 0;
      for (; kx + 3 <= kernel_w; kx += 3) WINNERS(1, 3, ky, kx);
      for (; kx < kernel_w; kx++) WINNERS(1, 1, ky, kx);
    }
  }
}

/* ---------------------------------------------------------------- dense */

/* out (R rows, V vectors) = in (R, K) times weights (K, out_stride), plus the bias. */
INLINE void dense_tile(const int R, const int V, const float *in, int64_t K, const float *weights, int out_stride,
                       const float *bias, int relu, float *out) {
  vec sum[12][4];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = bias ? load(bias + WIDTH * v) : (vec){0};
  for (int64_t k = 0; k < K; k++) {
    vec w[4];
    UNROLL for (int v = 0; v < V; v++) w[v] = load(weights + k * out_stride + WIDTH * v);
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += in[r * K + k] * w[v];
  }
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) store(out + (int64_t)r * out_stride + WIDTH * v, relu ? positive(sum[r][v]) : sum[r][v]);
}

/* A piece has eight images: with three vectors, its tile reads the weights once. */
static void dense_forward(const float *in, int n, int64_t K, const float *weights, int out_stride, const float *bias, int relu,
                          float *out) {
  for (int o = 0, vecs; o < out_stride; o += vecs * WIDTH) {
    vecs = part_of((out_stride - o) / WIDTH, TILE_VECS < 3 ? TILE_VECS : 3);
#define DENSE_TILE(R, V) dense_tile(R, V, in + r * K, K, weights + o, out_stride, bias ? bias + o : 0, relu, \
                              out + (int64_t)r * out_stride + o)
#define DENSE_COLUMNS(V) \
  for (int r = 0, size; r < n; r += size) { \
    size = part_of(n - r, MOST(V) < PIECE ? MOST(V) : PIECE); \
    SIZES(size, V, DENSE_TILE) \
  }
    ALL_VECS(vecs, DENSE_COLUMNS)
  }
}

/* in_grad (n, K) = grad (n, out) times the transposed weights: R images and four rows of weights at once. */
INLINE void dense_back_tile(const int R, const float *grad, const float *weights, int out_stride, float *in_grad, int64_t K) {
  vec sum[16]; /* of image r and row k at 4 r + k */
  UNROLL for (int i = 0; i < 16; i++) sum[i] = (vec){0};
  for (int o = 0; o < out_stride; o += WIDTH) {
    vec w[4];
    UNROLL for (int k = 0; k < 4; k++) w[k] = load(weights + (int64_t)k * out_stride + o);
    UNROLL for (int r = 0; r < R; r++) {
      vec g = load(grad + (int64_t)r * out_stride + o);
      UNROLL for (int k = 0; k < 4; k++) sum[4 * r + k] += g * w[k];
    }
  }
  float sums[16];
  sums_of(sum, sums);
  for (int r = 0; r < R; r++)
    for (int k = 0; k < 4; k++) in_grad[r * K + k] = sums[4 * r + k];
}

static void dense_backward(const float *grad, int n, const float *weights, int out_stride, float *in_grad, int64_t K) {
  for (int64_t k = 0; k + 4 <= K; k += 4) { /* K is a multiple of LANES, or of the first layer, which has no in_grad */
    int r = 0;
    for (; r + 4 <= n; r += 4)
      dense_back_tile(4, grad + (int64_t)r * out_stride, weights + k * out_stride, out_stride, in_grad + r * K + k, K);
    for (; r < n; r++)
      dense_back_tile(1, grad + (int64_t)r * out_stride, weights + k * out_stride, out_stride, in_grad + r * K + k, K);
  }
}

/* R rows of the weights' gradient: sums over the n images of a batch, in their order. */
INLINE void weight_tile(const int R, const int V, const float *in, int64_t K, const float *grad, int out_stride, int n, float *out) {
  vec sum[12][4];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = (vec){0};
  for (int b = 0; b < n; b++) {
    vec d[4];
    UNROLL for (int v = 0; v < V; v++) d[v] = load(grad + (int64_t)b * out_stride + WIDTH * v);
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += in[b * K + r] * d[v];
  }
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) store(out + (int64_t)r * out_stride + WIDTH * v, sum[r][v]);
}

static void weight_gradient(const float *in, int64_t K, int rows, const float *grad, int out_stride, int n, float *out) {
  for (int o = 0, vecs; o < out_stride; o += vecs * WIDTH) {
    vecs = part_of((out_stride - o) / WIDTH, TILE_VECS);
#define WEIGHT_TILE(R, V) weight_tile(R, V, in + r, K, grad + o, out_stride, n, out + (int64_t)r * out_stride + o)
#define WEIGHT_COLUMNS(V) for (int r = 0, size; r < rows; r += size) { FEW_SIZES(rows - r, size, V, WEIGHT_TILE) }
    ALL_VECS(vecs, WEIGHT_COLUMNS)
  }
}

/* ---------------------------------------------------------------- batch normalisation */

enum { FLUSH = 64 }; /* positions whose values are summed up in float, before they are added in double */
INLINE void flush(vec *sum, double *to) {
  for (int k = 0; k < WIDTH; k++) to[k] += (*sum)[k];
  *sum = (vec){0};
}

/* Sums of V vectors of channels over all positions, and of their squares. */
INLINE void moments_tile(const int V, const float *x, int positions, int stride, double *sums, double *squares) {
  vec sum[4] = {{0}}, square[4] = {{0}};
  for (int p = 0; p < positions;) {
    for (int until = p + FLUSH < positions ? p + FLUSH : positions; p < until; p++, x += stride)
      UNROLL for (int v = 0; v < V; v++) {
        vec value = load(x + WIDTH * v);
        sum[v] += value;
        square[v] += value * value;
      }
    UNROLL for (int v = 0; v < V; v++) flush(&sum[v], sums + WIDTH * v), flush(&square[v], squares + WIDTH * v);
  }
}

static void moments(const float *x, int positions, int stride, double *sums) {
  for (int c = 0, vecs; c < stride; c += vecs * WIDTH) {
    vecs = part_of((stride - c) / WIDTH, TILE_VECS);
#define MOMENTS(V) moments_tile(V, x + c, positions, stride, sums + c, sums + stride + c);
    ALL_VECS(vecs, MOMENTS)
  }
}

static void scale(const float *x, int positions, int stride, const float *factor, const float *add, int relu, float *out) {
  for (int p = 0; p < positions; p++, x += stride, out += stride)
    for (int c = 0; c < stride; c += WIDTH) {
      vec value = load(x + c) * load(factor + c) + load(add + c);
      store(out + c, relu ? positive(value) : value);
    }
}

/* Sums of the gradient, and of the gradient times the normalised input; where `out` is given, the gradient is first set to
 * zero where that is, as a ReLU does. */
INLINE void gradient_moments_tile(const int V, const float *x, const float *out, float *grad, int positions, int stride,
                                  const float *mean, const float *inverse, double *sums, double *products) {
  vec sum[4] = {{0}}, product[4] = {{0}}, m[4], i[4];
  UNROLL for (int v = 0; v < V; v++) m[v] = load(mean + WIDTH * v), i[v] = load(inverse + WIDTH * v);
  for (int p = 0; p < positions;) {
    for (int until = p + FLUSH < positions ? p + FLUSH : positions; p < until; p++, x += stride, grad += stride)
      UNROLL for (int v = 0; v < V; v++) {
        vec g = load(grad + WIDTH * v);
        if (out) {
          g = choose(load(out + (int64_t)p * stride + WIDTH * v) > 0, g, (vec){0});
          store(grad + WIDTH * v, g);
        }
        sum[v] += g;
        product[v] += g * ((load(x + WIDTH * v) - m[v]) * i[v]);
      }
    UNROLL for (int v = 0; v < V; v++) flush(&sum[v], sums + WIDTH * v), flush(&product[v], products + WIDTH * v);
  }
}

static void gradient_moments(const float *x, const float *out, float *grad, int positions, int stride, const float *mean,
                             const float *inverse, double *sums) {
  for (int c = 0, vecs; c < stride; c += vecs * WIDTH) {
    vecs = part_of((stride - c) / WIDTH, TILE_VECS > 2 ? 2 : 1);
#define GRADIENT_MOMENTS(V) gradient_moments_tile(V, x + c, out ? out + c : 0, grad + c, positions, stride, mean + c, \
                                                  inverse + c, sums + c, sums + stride + c);
    ALL_VECS(vecs, GRADIENT_MOMENTS)
  }
}

/* The gradient of one image's input from that of its output, in the same place. */
static void scale_back(const float *x, float *grad, int positions, int stride, const float *factor, const float *mean,
                       const float *by_sum, const float *by_product) {
  for (int p = 0; p < positions; p++, x += stride, grad += stride)
    for (int c = 0; c < stride; c += WIDTH)
      store(grad + c, load(factor + c) * (load(grad + c) - load(by_sum + c) - (load(x + c) - load(mean + c)) * load(by_product + c)));
}

/* ---------------------------------------------------------------- loss and optimiser */

/* Loss of one image from its logits, and their gradient in place, `share` of a mean; whether it is predicted correctly. */
static float softmax_loss(float *logits, int classes, int stride, int64_t label, float smoothing, float share, int *correct) {
  int best = 0;
  for (int k = 1; k < classes; k++)
    if (logits[k] > logits[best]) best = k;
  float most = logits[best], sum = 0;
  for (int k = 0; k < classes; k++) sum += expf(logits[k] - most);
  float norm = logf(sum) + most, loss = norm - logits[label];
  for (int k = 0; k < classes; k++)
    logits[k] = share * (expf(logits[k] - norm) - smoothing / classes - (k == label ? 1 - smoothing : 0));
  for (int k = classes; k < stride; k++) logits[k] = 0;
  *correct = best == label;
  return loss;
}

/* Adam as Keras computes it (Kingma and Ba, 2015, section 2, last paragraph), with decoupled weight decay. */
static void adam(float *p, float *m, float *v, const float *g, int64_t n, const Optimizer *o, float rate, int64_t step) {
  float alpha = rate * (float)(sqrt(1 - pow(o->beta_2, (double)step)) / (1 - pow(o->beta_1, (double)step)));
  float keep = 1 - rate * o->weight_decay, first = 1 - o->beta_1, second = 1 - o->beta_2;
  for (int64_t i = 0; i < n; i += WIDTH) {
    vec grad = load(g + i), mean = load(m + i), var = load(v + i), value = load(p + i) * keep;
    mean += (grad - mean) * first;
    var += (grad * grad - var) * second;
    store(m + i, mean);
    store(v + i, var);
    store(p + i, value - mean * alpha / (square_root(var) + o->epsilon));
  }
}

#endif
