/* The arithmetic of one image or one block of rows: no threads, no memory of its own. */
#ifndef CONVSCOPE_KERNELS_H
#define CONVSCOPE_KERNELS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine.h"

/* Sixteen floats, which the compiler lays into one, two or four registers, as the processor has them. */
typedef float vec __attribute__((vector_size(64)));
typedef int32_t ivec __attribute__((vector_size(64)));
typedef uint8_t bvec __attribute__((vector_size(16)));
typedef float loose_vec __attribute__((vector_size(64), aligned(4)));
typedef uint8_t loose_bvec __attribute__((vector_size(16), aligned(1)));

/* Registers of a tile: as many sums as the processor can keep beside the weights. */
#if defined(__AVX512F__)
enum { TILE_POSITIONS = 6, TILE_VECS = 2, ROWS = 6, ROW_VECS = 4, TAPS = 6 };
#else
enum { TILE_POSITIONS = 6, TILE_VECS = 1, ROWS = 3, ROW_VECS = 2, TAPS = 3 };
#endif

enum { NO_WINNER = 255, SPARSE_TAPS = 9, MAX_WINDOW = 200 };
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) { return *(const loose_vec *)p; }
INLINE void store(float *p, vec v) { *(loose_vec *)p = v; }
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }
INLINE vec square_root(vec v) {
  vec r;
  for (int i = 0; i < LANES; i++) r[i] = sqrtf(v[i]);
  return r;
}
/* The sums of sixteen vectors, in the order in which the tree below takes them: v[0], v[8], v[4], v[12] and so on. */
INLINE vec fold(vec a, vec b) {
  const ivec low = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};
  return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, low + 8);
}
INLINE vec fold_quarters(vec a, vec b) {
  const ivec low = {0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27};
  return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, low + 4);
}
INLINE vec fold_pairs(vec a, vec b) {
  const ivec low = {0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29};
  return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, low + 2);
}
INLINE vec fold_singles(vec a, vec b) {
  const ivec low = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
  return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, low + 1);
}
/* Lane i is the sum of v[i]. */
INLINE vec sums_of(const vec *v) {
  vec a[8], b[4];
  UNROLL for (int i = 0; i < 8; i++) a[i] = fold(v[2 * i], v[2 * i + 1]);
  UNROLL for (int i = 0; i < 4; i++) b[i] = fold_quarters(a[2 * i], a[2 * i + 1]);
  return fold_singles(fold_pairs(b[0], b[1]), fold_pairs(b[2], b[3]));
}
static inline int padded(int channels) { return (channels + LANES - 1) / LANES * LANES; }

/* ---------------------------------------------------------------- convolution, forward */

/* P positions of one row, V vectors of output channels. `in` is at the first position's first tap. */
INLINE void conv_tile(const int P, const int V, const float *in, int row, int stride, int channels, const float *kernel,
                      int kernel_h, int kernel_w, int out_stride, const float *bias, float *out) {
  vec sum[TILE_POSITIONS][2];
  UNROLL for (int v = 0; v < V; v++)
    UNROLL for (int p = 0; p < P; p++) sum[p][v] = bias ? load(bias + LANES * v) : (vec){0};
  for (int ky = 0; ky < kernel_h; ky++)
    for (int kx = 0; kx < kernel_w; kx++) {
      const float *x = in + (int64_t)ky * row + kx * stride;
      for (int c = 0; c < channels; c++, kernel += out_stride) {
        vec w[2];
        UNROLL for (int v = 0; v < V; v++) w[v] = load(kernel + LANES * v);
        UNROLL for (int p = 0; p < P; p++)
          UNROLL for (int v = 0; v < V; v++) sum[p][v] += x[p * stride + c] * w[v];
      }
    }
  UNROLL for (int p = 0; p < P; p++)
    UNROLL for (int v = 0; v < V; v++) store(out + p * out_stride + LANES * v, sum[p][v]);
}

/* One row of `n` output positions, all channels. */
static void conv_row(const float *in, int row, int stride, int channels, const float *kernel, int kernel_h, int kernel_w,
                     int out_stride, const float *bias, float *out, int n) {
  for (int o = 0; o < out_stride;) {
    int two = TILE_VECS == 2 && out_stride - o >= 2 * LANES;
    const float *k = kernel + o, *b = bias ? bias + o : 0;
#define TILE(P, V) conv_tile(P, V, in + p * stride, row, stride, channels, k, kernel_h, kernel_w, out_stride, b, \
                             out + p * out_stride + o)
    for (int p = 0, size; p < n; p += size) {
      int left = n - p; /* tiles of one size where they come out even: ten positions are five and five */
      size = left % 6 && left % 5 == 0 ? 5 : left % 6 && left % 4 == 0 ? 4 : left < 6 ? left : 6;
      switch (2 * size + two) {
      case 2: TILE(1, 1); break;
      case 3: TILE(1, 2); break;
      case 4: TILE(2, 1); break;
      case 5: TILE(2, 2); break;
      case 6: TILE(3, 1); break;
      case 7: TILE(3, 2); break;
      case 8: TILE(4, 1); break;
      case 9: TILE(4, 2); break;
      case 10: TILE(5, 1); break;
      case 11: TILE(5, 2); break;
      case 12: TILE(6, 1); break;
      default: TILE(6, 2);
      }
    }
#undef TILE
    o += two ? 2 * LANES : LANES;
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
    for (int o = 0; o < stride; o += LANES) {
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
      *(loose_bvec *)(winner + p * stride + o) = __builtin_convertvector(which, bvec);
    }
}

/* Spread the gradients of pooled positions (rows x columns) over the windows they came from, and zeros beside them. */
static void unpool(const float *grad, const uint8_t *winner, int rows, int columns, int stride, int width, int pool_h,
                   int pool_w, float *out) {
  int32_t steps[MAX_WINDOW], window = pool_h * pool_w;
  window_steps(pool_h, pool_w, width, stride, steps);
  for (int y = 0; y < rows; y++)
    for (int x = 0; x < columns; x++)
      for (int o = 0; o < stride; o += LANES) {
        int64_t at = ((int64_t)y * columns + x) * stride + o;
        float *to = out + ((int64_t)y * pool_h * width + x * pool_w) * stride + o;
        ivec which = __builtin_convertvector(*(const loose_bvec *)(winner + at), ivec);
        vec g = load(grad + at);
        for (int q = 0; q < window; q++) store(to + steps[q], choose(which == q, g, (vec){0}));
      }
}

/* ---------------------------------------------------------------- convolution, backward */

/* The kernel's gradient, (taps, out): sums over all positions. `offset[t]` is where tap t lies from a position. */
INLINE void kernel_tile(const int T, const int V, const float *x, int row, int stride, const int32_t *offset,
                        const float *grad, int rows, int columns, int out_stride, float *sums) {
  vec sum[TAPS][2];
  UNROLL for (int t = 0; t < T; t++)
    UNROLL for (int v = 0; v < V; v++) sum[t][v] = load(sums + (int64_t)t * out_stride + LANES * v);
  for (int y = 0; y < rows; y++)
    for (int c = 0; c < columns; c++) {
      const float *at = x + (int64_t)y * row + c * stride, *g = grad + ((int64_t)y * columns + c) * out_stride;
      vec d[2];
      UNROLL for (int v = 0; v < V; v++) d[v] = load(g + LANES * v);
      UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) sum[t][v] += at[offset[t]] * d[v];
    }
  UNROLL for (int t = 0; t < T; t++)
    UNROLL for (int v = 0; v < V; v++) store(sums + (int64_t)t * out_stride + LANES * v, sum[t][v]);
}

static void kernel_gradient(const float *x, int row, int stride, const int32_t *offset, int taps, const float *grad, int rows,
                            int columns, int out_stride, float *sums) {
  for (int o = 0; o < out_stride;) {
    int two = TILE_VECS == 2 && out_stride - o >= 2 * LANES, t = 0;
#define TILE(T, V) kernel_tile(T, V, x, row, stride, offset + t, grad + o, rows, columns, out_stride, \
                               sums + (int64_t)t * out_stride + o)
    if (two) {
      for (; t + TAPS <= taps; t += TAPS) TILE(TAPS, 2);
      for (; t < taps; t++) TILE(1, 2);
    } else {
      for (; t + TAPS <= taps; t += TAPS) TILE(TAPS, 1);
      for (; t < taps; t++) TILE(1, 1);
    }
#undef TILE
    o += two ? 2 * LANES : LANES;
  }
}

/* Kernel's and input's gradient of a pooled convolution, through the winners only: for one output channel, a vector of
 * input channels, T taps. `kernel`, `sums`: (taps, in); `in_grad` is added to, if it is not NULL. */
INLINE void winners_tile(const int T, int taps, const float *x, float *in_grad, int row, int stride, const int32_t *offset,
                         const float *kernel, const float *grad, const uint8_t *winner, int positions, const int32_t *where,
                         int out_stride, int window, float *sums) {
  const int n = T ? T : taps;
  vec sum[SPARSE_TAPS], w[SPARSE_TAPS];
  for (int t = 0; t < n; t++) {
    sum[t] = load(sums + (int64_t)t * stride);
    w[t] = load(kernel + (int64_t)t * stride);
  }
  for (int p = 0; p < positions; p++) {
    int q = winner[(int64_t)p * out_stride];
    if (q == NO_WINNER) continue;
    float d = grad[(int64_t)p * out_stride];
    const float *at = x + where[p * window + q];
    for (int t = 0; t < n; t++) sum[t] += d * load(at + offset[t]);
    if (in_grad) {
      float *to = in_grad + where[p * window + q];
      for (int t = 0; t < n; t++) store(to + offset[t], load(to + offset[t]) + d * w[t]);
    }
  }
  (void)row;
  for (int t = 0; t < n; t++) store(sums + (int64_t)t * stride, sum[t]);
}

/* ---------------------------------------------------------------- dense */

/* out (R rows, V vectors) = in (R, K) times weights (K, out_stride), plus the bias. */
INLINE void dense_tile(const int R, const int V, const float *in, int64_t K, const float *weights, int out_stride,
                       const float *bias, float *out) {
  vec sum[ROWS][ROW_VECS];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = bias ? load(bias + LANES * v) : (vec){0};
  for (int64_t k = 0; k < K; k++) {
    vec w[ROW_VECS];
    UNROLL for (int v = 0; v < V; v++) w[v] = load(weights + k * out_stride + LANES * v);
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += in[r * K + k] * w[v];
  }
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) store(out + (int64_t)r * out_stride + LANES * v, sum[r][v]);
}

INLINE void dense_columns(const int V, const float *in, int n, int64_t K, const float *weights, int out_stride,
                          const float *bias, float *out) {
  int r = 0;
  for (; r + ROWS <= n; r += ROWS) dense_tile(ROWS, V, in + r * K, K, weights, out_stride, bias, out + (int64_t)r * out_stride);
  for (; r + 2 <= n; r += 2) dense_tile(2, V, in + r * K, K, weights, out_stride, bias, out + (int64_t)r * out_stride);
  for (; r < n; r++) dense_tile(1, V, in + r * K, K, weights, out_stride, bias, out + (int64_t)r * out_stride);
}

static void dense_forward(const float *in, int n, int64_t K, const float *weights, int out_stride, const float *bias, float *out) {
  int o = 0;
  for (; o + ROW_VECS * LANES <= out_stride; o += ROW_VECS * LANES)
    dense_columns(ROW_VECS, in, n, K, weights + o, out_stride, bias ? bias + o : 0, out + o);
  for (; o < out_stride; o += LANES) dense_columns(1, in, n, K, weights + o, out_stride, bias ? bias + o : 0, out + o);
}

/* in_grad (n, K) = grad (n, out) times the transposed weights: R images and four rows of weights at once. */
INLINE void dense_back_tile(const int R, const float *grad, const float *weights, int out_stride, float *in_grad, int64_t K) {
  vec sum[16]; /* of image r and row k at 4 r + k */
  UNROLL for (int i = 0; i < 16; i++) sum[i] = (vec){0};
  for (int o = 0; o < out_stride; o += LANES) {
    vec w[4];
    UNROLL for (int k = 0; k < 4; k++) w[k] = load(weights + (int64_t)k * out_stride + o);
    UNROLL for (int r = 0; r < R; r++) {
      vec g = load(grad + (int64_t)r * out_stride + o);
      UNROLL for (int k = 0; k < 4; k++) sum[4 * r + k] += g * w[k];
    }
  }
  vec sums = sums_of(sum);
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
  vec sum[ROWS][ROW_VECS];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = (vec){0};
  for (int b = 0; b < n; b++) {
    vec d[ROW_VECS];
    UNROLL for (int v = 0; v < V; v++) d[v] = load(grad + (int64_t)b * out_stride + LANES * v);
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += in[b * K + r] * d[v];
  }
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) store(out + (int64_t)r * out_stride + LANES * v, sum[r][v]);
}

static void weight_gradient(const float *in, int64_t K, int rows, const float *grad, int out_stride, int n, float *out) {
  int o = 0;
#define TILES(V) do { \
    int r = 0; \
    for (; r + ROWS <= rows; r += ROWS) weight_tile(ROWS, V, in + r, K, grad + o, out_stride, n, out + (int64_t)r * out_stride + o); \
    for (; r < rows; r++) weight_tile(1, V, in + r, K, grad + o, out_stride, n, out + (int64_t)r * out_stride + o); \
  } while (0)
  for (; o + ROW_VECS * LANES <= out_stride; o += ROW_VECS * LANES) TILES(ROW_VECS);
  for (; o < out_stride; o += LANES) TILES(1);
#undef TILES
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
  for (int64_t i = 0; i < n; i += LANES) {
    vec grad = load(g + i), mean = load(m + i), var = load(v + i), value = load(p + i) * keep;
    mean += (grad - mean) * first;
    var += (grad * grad - var) * second;
    store(m + i, mean);
    store(v + i, var);
    store(p + i, value - mean * alpha / (square_root(var) + o->epsilon));
  }
}

#endif
