/* Training of small networks on a CPU: layers, steps, threads. The interface and the layout are in engine.h. */
#include "engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kernels.h"

enum { MAX_LAYERS = 64, MAX_THREADS = 64, SPINS = 2000, CHUNK = 2048, DENSE_ROWS = 24 };

typedef struct {
  LayerSpec spec;
  int in_h, in_w, in_c, in_stride; /* in_stride: floats of one position of the input */
  int out_h, out_w, out_c, out_stride;
  int conv_h, conv_w;              /* CONV: the positions that pooling does not drop */
  int pad_h, pad_w;
  int64_t in_size, out_size;       /* floats of one image */
  int64_t at, kernel, bias;        /* parameters: where, and how many */
  int64_t sums_at;                 /* CONV, NORM: where in a piece's gradients */
  int sparse;                      /* CONV: kernels lie as (out, kh, kw, in), gradients go through the winners only */
  float *out, *grad;               /* batch x out_size */
  uint8_t *winner;                 /* batch x out_size */
  int spans, span;                 /* CONV: runs of taps in a row of a kernel, and floats of one, side by side */
  float *copy;                     /* CONV: the kernels in the other layout */
  int32_t *where;                  /* sparse: the position of each winner */
  double *sums;                    /* NORM: pieces x 2 x out_stride */
  float *mean, *inverse, *factor, *add, *by_sum, *by_product; /* NORM: of channels */
} Layer;

typedef struct {
  /* an image before it is warped, padded input and its gradient, rows before pooling, unpooled gradient */
  float *image, *in, *out, *rows, *full;
  Winner *winners; /* of one channel */
  int thread;
  struct Engine *engine;
} Scratch;

/* How many items of a thread's share were taken, in a cache line of its own. */
typedef struct {
  atomic_int taken;
  char apart[60];
} Share;

struct Engine {
  Layer layer[MAX_LAYERS];
  int layers, classes, batch, threads, pieces;
  int64_t in_size, parameters, piece_size, step;
  uint64_t seed;
  float *p, *m, *v, *g;     /* parameters, moments, gradients of pieces */
  float *kept;              /* gradients of the last step, for tests */
  float *input;             /* batch x in_size */
  Scratch scratch[MAX_THREADS];
  double *losses;           /* pieces x 2: loss, correct */
  /* the step under way */
  const Epoch *epoch;
  const Optimizer *optimizer;
  int64_t now;              /* step within the epoch */
  int n, training;
  const uint8_t *images;    /* predicting */
  double *result;
  /* threads */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_int arrived, generation;
  Share share[MAX_THREADS];
  int backwards;
};

/* ---------------------------------------------------------------- memory */

static void *reserve(int64_t bytes) {
  int64_t size = (bytes + 64 + 63) / 64 * 64; /* one vector more, which loads of the last position may touch */
  void *memory = 0;
#ifdef _WIN32
  memory = _aligned_malloc(size, 64);
#else
  if (posix_memalign(&memory, 64, size)) memory = 0;
#endif
  if (memory) memset(memory, 0, size);
  return memory;
}

static void release(void *memory) {
#ifdef _WIN32
  _aligned_free(memory);
#else
  free(memory);
#endif
}

/* ---------------------------------------------------------------- threads */

/* Wait for all threads; the last one calls `then` before it lets the others go. A short spin, then sleep: beside other
 * busy processes a spinning thread would keep the one it waits for from running. */
static void meet(Engine *e, void (*then)(Engine *, int), int layer) {
  int generation = atomic_load(&e->generation);
  if (atomic_fetch_add(&e->arrived, 1) == e->threads - 1) {
    if (then) then(e, layer);
    atomic_store(&e->arrived, 0);
    for (int t = 0; t < e->threads; t++) atomic_store(&e->share[t].taken, 0);
    e->backwards = !e->backwards;
    pthread_mutex_lock(&e->lock);
    atomic_store(&e->generation, generation + 1);
    pthread_cond_broadcast(&e->wake);
    pthread_mutex_unlock(&e->lock);
    return;
  }
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load_explicit(&e->generation, memory_order_acquire) != generation) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  pthread_mutex_lock(&e->lock);
  while (atomic_load(&e->generation) == generation) pthread_cond_wait(&e->wake, &e->lock);
  pthread_mutex_unlock(&e->lock);
}

/* The next item of a phase for this thread, or -1: first of its own share, then of what others have not begun. Shares are the
 * same in each phase, and every other phase goes through them backwards, so that what a thread had last is in its cache. */
static int take(Engine *e, int thread, int total) {
  for (int k = 0; k < e->threads; k++) {
    int t = (thread + k) % e->threads, from = (int)((int64_t)total * t / e->threads);
    int size = (int)((int64_t)total * (t + 1) / e->threads) - from;
    if (atomic_load_explicit(&e->share[t].taken, memory_order_relaxed) >= size) continue;
    int i = atomic_fetch_add(&e->share[t].taken, 1);
    if (i < size) return from + (e->backwards ? size - 1 - i : i);
  }
  return -1;
}

static int num_pieces(const Engine *e) { return (e->n + PIECE - 1) / PIECE; }
static int piece_end(const Engine *e, int piece) { return (piece + 1) * PIECE < e->n ? (piece + 1) * PIECE : e->n; }

/* ---------------------------------------------------------------- input */

/* An image of bytes to 0..1, moved by whole pixels; where it ends, the pixels at its edge are repeated. */
static void read_shifted(const Layer *first, const uint8_t *image, int down, int right, float *out) {
  int h = first->in_h, w = first->in_w, c = first->in_c;
  const float scale = 1 / 255.0f;
  int from = clamp(-right, 0, w), until = clamp(w - right, 0, w);
  for (int y = 0; y < h; y++, out += w * c) {
    const uint8_t *row = image + (int64_t)clamp(y + down, 0, h - 1) * w * c;
    for (int i = from * c; i < until * c; i++) out[i] = row[i + right * c] * scale;
    for (int x = 0; x < from; x++)
      for (int k = 0; k < c; k++) out[x * c + k] = row[k] * scale;
    for (int x = until; x < w; x++)
      for (int k = 0; k < c; k++) out[x * c + k] = row[(w - 1) * c + k] * scale;
  }
}

/* An image drawn anew through an affine map from its pixels to places in `image`, a vector of pixels at a time: bilinear,
 * and places outside are those at the edge. */
static void read_warped(const Layer *first, const float *image, const float *map, float *out) {
  vec ramp;
  for (int i = 0; i < WIDTH; i++) ramp[i] = (float)i;
  int h = first->in_h, w = first->in_w, c = first->in_c;
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x += WIDTH) {
      vec across = ramp + (float)x;
      vec fx = within(map[0] * across + (map[1] * y + map[2]), w - 1);
      vec fy = within(map[3] * across + (map[4] * y + map[5]), h - 1);
      ivec left = __builtin_convertvector(fx, ivec), top = __builtin_convertvector(fy, ivec);
      vec rx = fx - __builtin_convertvector(left, vec), ry = fy - __builtin_convertvector(top, vec);
      int32_t at[4][WIDTH];
      ivec corner = (top * w + left) * c, step = (left < w - 1) & c, row = (top < h - 1) & (w * c);
      ivec corners[4] = {corner, corner + step, corner + row, corner + row + step};
      memcpy(at, corners, sizeof at);
      for (int k = 0; k < c; k++) {
        float value[4][WIDTH];
        for (int q = 0; q < 4; q++)
          for (int i = 0; i < WIDTH; i++) value[q][i] = image[at[q][i] + k];
        vec upper = load(value[0]) + rx * (load(value[1]) - load(value[0]));
        vec lower = load(value[2]) + rx * (load(value[3]) - load(value[2]));
        vec drawn = upper + ry * (lower - upper);
        for (int i = 0; i < WIDTH && x + i < w; i++) out[((int64_t)y * w + x + i) * c + k] = drawn[i];
      }
    }
}

static void read_piece(Engine *e, int piece, Scratch *s) {
  const Layer *first = &e->layer[0];
  for (int b = piece * PIECE; b < piece_end(e, piece); b++) {
    float *to = e->input + b * e->in_size;
    int64_t at = e->now * e->batch + b;
    const Epoch *o = e->epoch;
    if (!e->training) {
      read_shifted(first, e->images + b * e->in_size, 0, 0, to);
    } else if (o->warps) {
      read_shifted(first, o->images + o->rows[at] * e->in_size, 0, 0, s->image);
      read_warped(first, s->image, o->warps + 6 * at, to);
    } else {
      const int16_t *shift = o->shifts ? o->shifts + 2 * at : (const int16_t[]){0, 0};
      read_shifted(first, o->images + o->rows[at] * e->in_size, shift[0], shift[1], to);
    }
  }
}

static float *input_of(Engine *e, int layer, int b) {
  return layer ? e->layer[layer - 1].out + b * e->layer[layer - 1].out_size : e->input + b * e->in_size;
}

/* Where a layer adds the gradient of its input; NULL if nothing before it learns. */
static float *input_gradient(Engine *e, int layer, int b) {
  return layer ? e->layer[layer - 1].grad + b * e->layer[layer - 1].out_size : 0;
}

/* ---------------------------------------------------------------- convolution */

static int row_floats(const Layer *l) { return (l->in_w + 2 * l->pad_w) * l->in_stride; }

/* Lay (h, w, stride) into zeros of (all_h, all_w, stride), from (top, left) on. */
static void framed(const float *in, int h, int w, int stride, int top, int left, int all_h, int all_w, float *out) {
  int64_t before = (int64_t)left * stride, inner = (int64_t)w * stride, row = (int64_t)all_w * stride;
  memset(out, 0, sizeof(float) * row * top);
  float *to = out + row * top;
  for (int y = 0; y < h; y++, to += row, in += inner) {
    memset(to, 0, sizeof(float) * before);
    memcpy(to + before, in, sizeof(float) * inner);
    memset(to + before + inner, 0, sizeof(float) * (row - before - inner));
  }
  memset(to, 0, sizeof(float) * row * (all_h - top - h));
}

/* The input with a margin of zeros; the input itself where no margin is needed. */
static const float *with_margin(const Layer *l, const float *in, float *scratch) {
  if (!l->pad_h && !l->pad_w) return in;
  framed(in, l->in_h, l->in_w, l->in_stride, l->pad_h, l->pad_w, l->in_h + 2 * l->pad_h, l->in_w + 2 * l->pad_w, scratch);
  return scratch;
}

static void conv_forward(Engine *e, int i, int b, Scratch *s) {
  Layer *l = &e->layer[i];
  const float *x = with_margin(l, input_of(e, i, b), s->in), *kernel = l->sparse ? l->copy : e->p + l->at;
  const float *bias = l->bias ? e->p + l->at + l->kernel : 0;
  int row = row_floats(l), ph = l->spec.pool_h, pw = l->spec.pool_w, pooled = ph * pw > 1;
  float *out = l->out + b * l->out_size;
  for (int y = 0; y < l->conv_h; y++) {
    float *to = pooled ? s->rows + (int64_t)(y % ph) * l->conv_w * l->out_stride : out + (int64_t)y * l->conv_w * l->out_stride;
    conv_row(x + (int64_t)y * row, row, l->in_stride, kernel, l->spec.kernel_h, l->spans, l->span, l->out_stride, bias,
             l->spec.relu && !pooled, to, l->conv_w);
    if (pooled && y % ph == ph - 1) {
      int64_t at = (int64_t)(y / ph) * l->out_w * l->out_stride;
      pool_row(s->rows, l->conv_w, l->out_stride, ph, pw, l->spec.relu, out + at, l->winner + b * l->out_size + at, l->out_w);
    }
  }
}

/* Pooling after a ReLU: the gradient of a window reaches its winner alone, so most products need not be computed. */
static void conv_backward_sparse(Engine *e, int i, int b, float *sums, Scratch *s) {
  Layer *l = &e->layer[i];
  const float *x = with_margin(l, input_of(e, i, b), s->in), *grad = l->grad + b * l->out_size, *kernel = e->p + l->at;
  int row = row_floats(l), kh = l->spec.kernel_h, kw = l->spec.kernel_w, margin = l->pad_h || l->pad_w;
  float *to = input_gradient(e, i, b), *full = margin ? s->out : to;
  memset(full, 0, sizeof(float) * (margin ? row * (l->in_h + 2 * l->pad_h) : l->in_size));
  if (l->bias) bias_gradient(grad, l->winner + b * l->out_size, l->out_h * l->out_w, l->out_stride, sums + l->kernel);
  for (int o = 0; o < l->out_c; o++) {
    int n = list_winners(grad + o, l->winner + b * l->out_size + o, l->out_h * l->out_w, l->where, l->out_stride,
                         l->spec.pool_h * l->spec.pool_w, s->winners);
    int64_t k = (int64_t)o * kh * kw * l->in_stride;
    winners_gradient(x, full, row, l->in_stride, kh, kw, kernel + k, s->winners, n, sums + k);
  }
  for (int y = 0; margin && y < l->in_h; y++)
    memcpy(to + (int64_t)y * l->in_w * l->in_stride, full + (int64_t)(y + l->pad_h) * row + l->pad_w * l->in_stride,
           sizeof(float) * l->in_w * l->in_stride);
}

static void conv_backward(Engine *e, int i, int b, float *sums, Scratch *s) {
  Layer *l = &e->layer[i];
  if (l->sparse) {
    conv_backward_sparse(e, i, b, sums, s);
    return;
  }
  const float *x = with_margin(l, input_of(e, i, b), s->in);
  const uint8_t *winner = l->winner ? l->winner + b * l->out_size : 0;
  float *grad = l->grad + b * l->out_size, *to = input_gradient(e, i, b);
  int kh = l->spec.kernel_h, kw = l->spec.kernel_w, out = l->out_stride, row = row_floats(l), stride = l->in_stride;
  int ph = l->spec.pool_h, pw = l->spec.pool_w, pooled = ph * pw > 1;
  if (l->bias) bias_gradient(grad, winner, l->out_h * l->out_w, out, sums + l->kernel);
  if (pooled && to) { /* spread out for the input's gradient */
    unpool(grad, winner, l->out_h, l->out_w, out, l->conv_w, ph, pw, s->full);
    grad = s->full;
    pooled = 0;
  }
  Gradient of = {x, grad, pooled ? winner : 0, row, stride, pooled ? l->out_h : l->conv_h, pooled ? l->out_w : l->conv_w, out, ph, pw};
  kernel_gradient(&of, kh, l->spans, l->span, sums);
  if (!to) return;
  /* The input's gradient is a convolution too: of the padded gradient, with the kernels turned round. */
  row = (l->in_w + kw - 1) * out;
  framed(grad, l->conv_h, l->conv_w, out, kh - 1 - l->pad_h, kw - 1 - l->pad_w, l->in_h + kh - 1, l->in_w + kw - 1, s->out);
  int spans = l->out_c == out ? 1 : kw;
  for (int y = 0; y < l->in_h; y++)
    conv_row(s->out + (int64_t)y * row, row, out, l->copy, kh, spans, kw * l->out_c / spans, stride, 0, 0,
             to + (int64_t)y * l->in_w * stride, l->in_w);
}

/* Bring the other layout of `count` kernel floats from `from` on up to date. */
static void copy_kernels(Engine *e, Layer *l, int64_t from, int64_t count) {
  if (!l->copy) return;
  /* Sparse: (out, taps, in) to (taps, in, out). Else: (taps, in, out) to (taps turned round, out, in). */
  int taps = l->spec.kernel_h * l->spec.kernel_w, inner = l->sparse ? l->in_stride : l->out_stride;
  int inner_size = l->sparse ? l->in_c : l->out_c, step = l->sparse ? l->out_stride : l->in_stride;
  const float *p = e->p + l->at;
  for (int64_t k = from, until; k < from + count; k = until) {
    int64_t at = k / inner, i = k % inner;
    until = k + inner - i < from + count ? k + inner - i : from + count;
    float *to = l->sparse ? l->copy + at % taps * l->in_c * step + at / taps
                          : l->copy + (taps - 1 - at / l->in_c) * l->out_c * step + at % l->in_c;
    int64_t most = inner_size - i < until - k ? inner_size - i : until - k;
    for (int64_t q = 0; q < most; q++) to[(i + q) * step] = p[k + q];
  }
}

/* ---------------------------------------------------------------- the other layers */

/* A number that depends on its place alone, whoever computes it (splitmix64, Steele, Lea and Flood, 2014). */
static uint64_t hash(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/* A number of 32 bits for each float, mixed as MurmurHash3 finishes (Appleby, 2011), a vector at a time. */
static void dropout(Engine *e, int i, int b, const float *in, float *out) {
  typedef uint32_t uvec __attribute__((vector_size(4 * WIDTH)));
  Layer *l = &e->layer[i];
  uint64_t key = hash(hash(e->seed ^ ((uint64_t)e->step << 8 | (uint64_t)i)) + (uint64_t)b);
  float kept = 1 / (1 - l->spec.rate);
  uint32_t limit = (uint32_t)(l->spec.rate * 4294967296.0);
  uvec number;
  for (int k = 0; k < WIDTH; k++) number[k] = (uint32_t)k * 0x9e3779b9u + (uint32_t)key;
  for (int64_t k = 0; k < l->out_size; k += WIDTH, number += WIDTH * 0x9e3779b9u) {
    uvec x = number ^ (uint32_t)(key >> 32);
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    x ^= x >> 16;
    store(out + k, choose((ivec)(x >= limit), load(in + k) * kept, (vec){0}));
  }
}

static void norm_sums(Engine *e, int i, int piece) {
  Layer *l = &e->layer[i];
  double *sums = l->sums + (int64_t)piece * 2 * l->out_stride;
  memset(sums, 0, sizeof(double) * 2 * l->out_stride);
  for (int b = piece * PIECE; b < piece_end(e, piece); b++)
    moments(input_of(e, i, b), l->out_h * l->out_w, l->out_stride, sums);
}

/* By what a channel is multiplied, and what is added to it. */
static void norm_factors(const Engine *e, Layer *l, int c, float mean, float inverse) {
  l->factor[c] = inverse * e->p[l->at + c];
  l->add[c] = e->p[l->at + l->out_stride + c] - mean * l->factor[c];
}

static void norm_statistics(Engine *e, int i) {
  Layer *l = &e->layer[i];
  float *moving = e->p + l->at + l->kernel;
  double count = (double)e->n * l->out_h * l->out_w;
  for (int c = 0; c < l->out_stride; c++) {
    double sum = 0, squares = 0;
    for (int piece = 0; piece < num_pieces(e); piece++) {
      sum += l->sums[(int64_t)piece * 2 * l->out_stride + c];
      squares += l->sums[((int64_t)piece * 2 + 1) * l->out_stride + c];
    }
    double mean = sum / count, variance = squares / count - mean * mean;
    if (variance < 0) variance = 0;
    l->mean[c] = (float)mean;
    l->inverse[c] = (float)(1 / sqrt(variance + l->spec.epsilon));
    moving[c] = moving[c] * l->spec.momentum + (float)mean * (1 - l->spec.momentum);
    moving[l->out_stride + c] = moving[l->out_stride + c] * l->spec.momentum + (float)variance * (1 - l->spec.momentum);
    norm_factors(e, l, c, l->mean[c], l->inverse[c]);
  }
}

static void norm_moving_statistics(Engine *e, Layer *l) {
  const float *mean = e->p + l->at + l->kernel, *variance = mean + l->out_stride;
  for (int c = 0; c < l->out_stride; c++) norm_factors(e, l, c, mean[c], 1 / sqrtf(variance[c] + l->spec.epsilon));
}

static void norm_gradient_sums(Engine *e, int i, int piece) {
  Layer *l = &e->layer[i];
  double *sums = l->sums + (int64_t)piece * 2 * l->out_stride;
  memset(sums, 0, sizeof(double) * 2 * l->out_stride);
  for (int b = piece * PIECE; b < piece_end(e, piece); b++)
    gradient_moments(input_of(e, i, b), l->spec.relu ? l->out + b * l->out_size : 0, l->grad + b * l->out_size,
                     l->out_h * l->out_w, l->out_stride, l->mean, l->inverse, sums);
}

static void norm_reduce_gradients(Engine *e, int i) {
  Layer *l = &e->layer[i];
  float *to = e->g + l->sums_at; /* in the first piece's */
  double count = (double)e->n * l->out_h * l->out_w;
  for (int c = 0; c < l->out_stride; c++) {
    double sum = 0, products = 0;
    for (int piece = 0; piece < num_pieces(e); piece++) {
      sum += l->sums[(int64_t)piece * 2 * l->out_stride + c];
      products += l->sums[((int64_t)piece * 2 + 1) * l->out_stride + c];
    }
    to[c] = (float)products;
    to[l->out_stride + c] = (float)sum;
    l->by_sum[c] = (float)(sum / count);
    l->by_product[c] = (float)(products / count) * l->inverse[c];
  }
}

static void mask_relu(const Layer *l, int b) {
  float *grad = l->grad + b * l->out_size;
  const float *out = l->out + b * l->out_size;
  for (int64_t k = 0; k < l->out_size; k += WIDTH) store(grad + k, choose(load(out + k) > 0, load(grad + k), (vec){0}));
}

/* ---------------------------------------------------------------- pieces */

static void forward(Engine *e, int i, int piece, Scratch *s) {
  Layer *l = &e->layer[i];
  int from = piece * PIECE, until = piece_end(e, piece);
  if (l->spec.kind == DENSE) {
    const float *bias = l->bias ? e->p + l->at + l->kernel : 0;
    float *out = l->out + from * l->out_size;
    dense_forward(input_of(e, i, from), until - from, l->in_size, e->p + l->at, l->out_stride, bias, l->spec.relu, out);
    return;
  }
  for (int b = from; b < until; b++) {
    const float *in = input_of(e, i, b);
    float *out = l->out + b * l->out_size;
    if (l->spec.kind == CONV) conv_forward(e, i, b, s);
    else if (l->spec.kind == NORM) scale(in, l->out_h * l->out_w, l->out_stride, l->factor, l->add, l->spec.relu, out);
    else if (l->spec.kind == DROPOUT && e->training) dropout(e, i, b, in, out);
    else if (l->spec.kind == DROPOUT) memcpy(out, in, sizeof(float) * l->out_size);
    else if (l->spec.kind == POOL)
      for (int y = 0; y < l->out_h; y++) {
        int64_t at = (int64_t)y * l->out_w * l->out_stride;
        pool_row(in + (int64_t)y * l->spec.pool_h * l->in_w * l->in_stride, l->in_w, l->in_stride, l->spec.pool_h,
                 l->spec.pool_w, 0, out + at, l->winner + b * l->out_size + at, l->out_w);
      }
    else
      for (int64_t k = 0; k < l->out_size; k += WIDTH) store(out + k, positive(load(in + k)));
  }
}

static void backward(Engine *e, int i, int piece, Scratch *s) {
  Layer *l = &e->layer[i];
  int from = piece * PIECE, until = piece_end(e, piece);
  if (l->spec.relu && l->spec.kind != NORM && !l->winner) /* where there are winners, those off are marked */
    for (int b = from; b < until; b++) mask_relu(l, b);
  if (l->spec.kind == DENSE) {
    if (i)
      dense_backward(l->grad + from * l->out_size, until - from, e->p + l->at, l->out_stride, input_gradient(e, i, from),
                     l->in_size);
    return;
  }
  for (int b = from; b < until; b++) {
    float *to = input_gradient(e, i, b), *grad = l->grad + b * l->out_size;
    if (l->spec.kind == CONV) conv_backward(e, i, b, e->g + piece * e->piece_size + l->sums_at, s);
    else if (!to) continue;
    else if (l->spec.kind == NORM)
      scale_back(input_of(e, i, b), to, l->out_h * l->out_w, l->out_stride, l->factor, l->mean, l->by_sum, l->by_product);
    else if (l->spec.kind == DROPOUT) dropout(e, i, b, grad, to);
    else if (l->spec.kind == POOL) {
      if (l->in_h % l->spec.pool_h || l->in_w % l->spec.pool_w) memset(to, 0, sizeof(float) * l->in_size);
      unpool(grad, l->winner + b * l->out_size, l->out_h, l->out_w, l->out_stride, l->in_w, l->spec.pool_h, l->spec.pool_w, to);
    } else
      for (int64_t k = 0; k < l->out_size; k += WIDTH)
        store(to + k, choose(load(l->out + b * l->out_size + k) > 0, load(grad + k), (vec){0}));
  }
}

static void measure_loss(Engine *e, int piece) {
  Layer *l = &e->layer[e->layers - 1];
  double *sum = e->losses + 2 * piece;
  sum[0] = sum[1] = 0;
  for (int b = piece * PIECE; b < piece_end(e, piece); b++) {
    float *grad = l->grad + b * l->out_size;
    int correct;
    memcpy(grad, l->out + b * l->out_size, sizeof(float) * l->out_size);
    int64_t label = e->epoch->labels[e->epoch->rows[e->now * e->batch + b]];
    float share = (e->epoch->class_weights ? e->epoch->class_weights[label] : 1.0f) / e->n;
    sum[0] += softmax_loss(grad, e->classes, l->out_stride, label, e->optimizer->label_smoothing, share, &correct);
    sum[1] += correct;
  }
}

/* ---------------------------------------------------------------- update */

/* Parameters that the optimiser changes; the moving statistics lie behind them. */
static int64_t learned(const Layer *l) { return l->kernel + (l->spec.kind == NORM ? 0 : l->bias); }
static int update_items(const Layer *l) {
  if (l->spec.kind == DENSE) return (int)((l->in_size + DENSE_ROWS - 1) / DENSE_ROWS) + 1;
  return (int)((learned(l) + CHUNK - 1) / CHUNK);
}

static void apply(Engine *e, int64_t at, int64_t count, const float *grad) {
  if (e->kept) memcpy(e->kept + at, grad, sizeof(float) * count);
  adam(e->p + at, e->m + at, e->v + at, grad, count, e->optimizer, e->epoch->rates[e->now], e->step);
}

static void update_dense(Engine *e, int i, int item) {
  Layer *l = &e->layer[i];
  float grad[DENSE_ROWS * CHUNK] __attribute__((aligned(64)));
  if (item == update_items(l) - 1) {
    for (int o = 0; l->bias && o < l->out_stride; o += WIDTH) {
      vec sum = {0};
      for (int b = 0; b < e->n; b++) sum += load(l->grad + b * l->out_size + o);
      store(grad + o, sum);
    }
    if (l->bias) apply(e, l->at + l->kernel, l->bias, grad);
    return;
  }
  int64_t row = (int64_t)item * DENSE_ROWS;
  int rows = row + DENSE_ROWS < l->in_size ? DENSE_ROWS : (int)(l->in_size - row);
  weight_gradient(input_of(e, i, 0) + row, l->in_size, rows, l->grad, l->out_stride, e->n, grad);
  apply(e, l->at + row * l->out_stride, (int64_t)rows * l->out_stride, grad);
}

static void update_pieces(Engine *e, int i, int item) {
  Layer *l = &e->layer[i];
  float grad[CHUNK] __attribute__((aligned(64)));
  int64_t from = (int64_t)item * CHUNK, count = learned(l) - from < CHUNK ? learned(l) - from : CHUNK;
  int pieces = l->spec.kind == NORM ? 1 : num_pieces(e);
  for (int64_t k = 0; k < count; k += WIDTH) {
    vec sum = load(e->g + l->sums_at + from + k);
    for (int piece = 1; piece < pieces; piece++) sum += load(e->g + piece * e->piece_size + l->sums_at + from + k);
    store(grad + k, sum);
  }
  apply(e, l->at + from, count, grad);
  if (l->spec.kind == CONV && from < l->kernel) copy_kernels(e, l, from, from + count < l->kernel ? count : l->kernel - from);
}

static void update(Engine *e, int thread) {
  int total = 0;
  for (int i = 0; i < e->layers; i++) total += update_items(&e->layer[i]);
  for (int item; (item = take(e, thread, total)) >= 0;) {
    int i = e->layers - 1; /* the dense layers first: their items are the larger ones */
    while (item >= update_items(&e->layer[i])) item -= update_items(&e->layer[i--]);
    if (e->layer[i].spec.kind == DENSE) update_dense(e, i, item);
    else update_pieces(e, i, item);
  }
}

/* ---------------------------------------------------------------- steps */

static void start_step(Engine *e) {
  e->step++;
  e->n = (int)(e->now == e->epoch->steps - 1 ? e->epoch->last : e->batch);
}

static void end_step(Engine *e, int unused) {
  (void)unused;
  for (int piece = 0; piece < num_pieces(e); piece++) {
    e->result[0] += e->losses[2 * piece];
    e->result[1] += e->losses[2 * piece + 1];
  }
  e->now++;
  if (e->now < e->epoch->steps) start_step(e);
}

static int norm_from(const Engine *e, int i) {
  while (i < e->layers && e->layer[i].spec.kind != NORM) i++;
  return i;
}

static int norm_before(const Engine *e, int i) {
  do i--;
  while (i >= 0 && e->layer[i].spec.kind != NORM);
  return i;
}

/* Gradients of a piece from layer `i` down to the next normalisation, of which only the sums are taken. */
static void backward_from(Engine *e, int i, int piece, Scratch *s) {
  int norm = norm_before(e, i);
  for (; i > norm; i--) backward(e, i, piece, s);
  if (norm < 0) return;
  norm_gradient_sums(e, norm, piece);
}

/* One step, as every thread goes through it. All meet where sums over the whole batch are needed. */
static void train_step(Engine *e, Scratch *s) {
  for (int first = 0, next = norm_from(e, 0);; first = next, next = norm_from(e, next + 1)) {
    for (int piece; (piece = take(e, s->thread, num_pieces(e))) >= 0;) {
      if (first == 0) {
        read_piece(e, piece, s);
        memset(e->g + piece * e->piece_size, 0, sizeof(float) * e->piece_size);
      }
      for (int i = first; i < next; i++) forward(e, i, piece, s);
      if (next < e->layers) norm_sums(e, next, piece);
      else {
        measure_loss(e, piece);
        backward_from(e, e->layers - 1, piece, s);
      }
    }
    if (next == e->layers) break;
    meet(e, norm_statistics, next);
  }
  for (int norm = norm_before(e, e->layers); norm >= 0; norm = norm_before(e, norm)) {
    meet(e, norm_reduce_gradients, norm);
    for (int piece; (piece = take(e, s->thread, num_pieces(e))) >= 0;) backward_from(e, norm, piece, s);
  }
  meet(e, 0, 0);
  update(e, s->thread);
  meet(e, end_step, 0);
}

static void *work(void *scratch) {
  Scratch *s = scratch;
  Engine *e = s->engine;
  pthread_mutex_lock(&e->lock);
  pthread_mutex_unlock(&e->lock);
  if (e->training) {
    for (int64_t steps = e->epoch->steps; steps; steps--) train_step(e, s);
    return 0;
  }
  for (int piece; (piece = take(e, s->thread, num_pieces(e))) >= 0;) {
    read_piece(e, piece, s);
    for (int i = 0; i < e->layers; i++) forward(e, i, piece, s);
  }
  return 0;
}

/* Let all threads work; fewer where the system gives no more, as results do not depend on their number. */
static void run(Engine *e) {
  pthread_t threads[MAX_THREADS];
  int wanted = e->threads, most = num_pieces(e) < wanted ? num_pieces(e) : wanted, started = 1;
  atomic_store(&e->arrived, 0);
  for (int i = 0; i < most; i++) atomic_store(&e->share[i].taken, 0);
  pthread_mutex_lock(&e->lock); /* holds them back until it is known how many they are */
  while (started < most && !pthread_create(&threads[started], 0, work, &e->scratch[started])) started++;
  e->threads = started;
  pthread_mutex_unlock(&e->lock);
  work(&e->scratch[0]);
  for (int i = 1; i < started; i++) pthread_join(threads[i], 0);
  e->threads = wanted;
}

int32_t engine_train(Engine *e, const Epoch *epoch, const Optimizer *optimizer, double *out) {
  if (epoch->steps < 1 || epoch->last < 1 || epoch->last > e->batch) return -1;
  e->epoch = epoch;
  e->optimizer = optimizer;
  e->result = out;
  e->now = 0;
  e->training = 1;
  start_step(e);
  run(e);
  return 0;
}

int32_t engine_predict(Engine *e, const uint8_t *images, int64_t n, float *logits) {
  Layer *last = &e->layer[e->layers - 1];
  e->training = 0;
  for (Layer *l = e->layer; l <= last; l++)
    if (l->spec.kind == NORM) norm_moving_statistics(e, l);
  for (int64_t at = 0; at < n; at += e->batch) {
    e->n = (int)(n - at < e->batch ? n - at : e->batch);
    e->images = images + at * e->in_size;
    run(e);
    for (int b = 0; b < e->n; b++) memcpy(logits + (at + b) * e->classes, last->out + b * last->out_size, sizeof(float) * e->classes);
  }
  return 0;
}

/* ---------------------------------------------------------------- creation */

static int shape_conv(Layer *l, int first) {
  LayerSpec *s = &l->spec;
  l->pad_h = s->same ? s->kernel_h / 2 : 0;
  l->pad_w = s->same ? s->kernel_w / 2 : 0;
  if (s->pool_h < 1 || s->pool_w < 1 || s->pool_h * s->pool_w > MAX_WINDOW) return -1;
  l->out_h = (l->in_h + 2 * l->pad_h - s->kernel_h + 1) / s->pool_h;
  l->out_w = (l->in_w + 2 * l->pad_w - s->kernel_w + 1) / s->pool_w;
  l->conv_h = l->out_h * s->pool_h;
  l->conv_w = l->out_w * s->pool_w;
  l->out_c = s->outputs;
  l->out_stride = padded(s->outputs);
  int64_t taps = (int64_t)s->kernel_h * s->kernel_w;
  l->sparse = s->pool_h * s->pool_w > 1 && s->relu && !first;
  l->kernel = l->sparse ? l->out_c * taps * l->in_stride : taps * l->in_c * l->out_stride;
  l->kernel = (l->kernel + LANES - 1) / LANES * LANES;
  l->bias = s->bias ? l->out_stride : 0;
  l->spans = l->in_c < l->in_stride ? s->kernel_w : 1;
  l->span = s->kernel_w * l->in_c / l->spans;
  return 0;
}

static int shape_layer(Layer *l, int first) {
  l->in_size = (int64_t)l->in_h * l->in_w * l->in_stride;
  l->out_h = l->in_h, l->out_w = l->in_w, l->out_c = l->in_c, l->out_stride = l->in_stride;
  switch (l->spec.kind) {
  case CONV:
    if (shape_conv(l, first)) return -1;
    break;
  case DENSE:
    l->out_h = l->out_w = 1;
    l->out_c = l->spec.outputs;
    l->out_stride = padded(l->out_c);
    l->kernel = l->in_size * l->out_stride;
    l->bias = l->spec.bias ? l->out_stride : 0;
    if (l->out_stride * DENSE_ROWS > DENSE_ROWS * CHUNK) return -1;
    break;
  case NORM:
    l->kernel = l->bias = 2 * l->out_stride;
    break;
  case POOL:
    l->out_h = l->in_h / l->spec.pool_h;
    l->out_w = l->in_w / l->spec.pool_w;
    break;
  case RELU: case DROPOUT:
    break;
  default:
    return -1;
  }
  l->out_size = (int64_t)l->out_h * l->out_w * l->out_stride;
  return l->out_size < 1 || (l->spec.kind != CONV && l->spec.kind != DENSE && l->in_stride % LANES) ? -1 : 0;
}

static int reserve_conv(Engine *e, Layer *l) {
  int64_t taps = (int64_t)l->spec.kernel_h * l->spec.kernel_w, row = row_floats(l);
  if (l->sparse || l != e->layer) {
    l->copy = reserve(sizeof(float) * taps * (l->sparse ? (int64_t)l->in_c * l->out_stride : (int64_t)l->out_c * l->in_stride));
    if (!l->copy) return -1;
  }
  if (!l->sparse) return 0;
  int ph = l->spec.pool_h, pw = l->spec.pool_w;
  l->where = reserve(sizeof(int32_t) * l->out_h * l->out_w * ph * pw);
  for (int p = 0; l->where && p < l->out_h * l->out_w; p++)
    for (int q = 0; q < ph * pw; q++)
      l->where[p * ph * pw + q] = (p / l->out_w * ph + q / pw) * row + (p % l->out_w * pw + q % pw) * l->in_stride;
  return l->where ? 0 : -1;
}

static int reserve_layer(Engine *e, Layer *l) {
  int64_t size = e->batch * l->out_size;
  l->out = reserve(sizeof(float) * size);
  if (!l->out) return -1;
  if (l->spec.kind == POOL || (l->spec.kind == CONV && l->spec.pool_h * l->spec.pool_w > 1))
    if (!(l->winner = reserve(size))) return -1;
  if (l->spec.kind == NORM) {
    l->sums = reserve(sizeof(double) * e->pieces * 2 * l->out_stride);
    l->mean = reserve(sizeof(float) * l->out_stride);
    l->inverse = reserve(sizeof(float) * l->out_stride);
    l->factor = reserve(sizeof(float) * l->out_stride);
    l->add = reserve(sizeof(float) * l->out_stride);
    l->by_sum = reserve(sizeof(float) * l->out_stride);
    l->by_product = reserve(sizeof(float) * l->out_stride);
    if (!l->sums || !l->mean || !l->inverse || !l->factor || !l->add || !l->by_sum || !l->by_product) return -1;
  }
  return l->spec.kind == CONV ? reserve_conv(e, l) : 0;
}

static int reserve_scratch(Engine *e) {
  int64_t in = 1, out = 1, rows = 1, full = 1, winners = 1;
#define LARGER(a, b) if ((b) > (a)) (a) = (b)
  for (int i = 0; i < e->layers; i++) {
    Layer *l = &e->layer[i];
    if (l->spec.kind != CONV) continue;
    int64_t margin = (int64_t)row_floats(l) * (l->in_h + 2 * l->pad_h);
    LARGER(in, margin);
    LARGER(out, margin);
    LARGER(out, (int64_t)(l->in_w + l->spec.kernel_w - 1) * (l->in_h + l->spec.kernel_h - 1) * l->out_stride);
    LARGER(rows, (int64_t)l->spec.pool_h * l->conv_w * l->out_stride);
    LARGER(full, (int64_t)l->conv_h * l->conv_w * l->out_stride);
    LARGER(winners, (int64_t)l->out_h * l->out_w + 1);
  }
  for (int t = 0; t < e->threads; t++) {
    Scratch *s = &e->scratch[t];
    s->thread = t, s->engine = e;
    s->image = reserve(sizeof(float) * e->in_size);
    s->in = reserve(sizeof(float) * in);
    s->out = reserve(sizeof(float) * out);
    s->rows = reserve(sizeof(float) * rows);
    s->full = reserve(sizeof(float) * full);
    s->winners = reserve(sizeof(Winner) * winners);
    if (!s->winners || !s->image || !s->in || !s->out || !s->rows || !s->full) return -1;
  }
  return 0;
}

/* Whether the gradient of the layer after this one is turned into this one's where it lies: memory is slower than sums. */
static int shares_gradient(const Engine *e, int i) {
  if (i == e->layers - 1) return 0;
  int after = e->layer[i + 1].spec.kind;
  return after == NORM || after == RELU || after == DROPOUT;
}

static int prepare(Engine *e) {
  for (int i = 0; i < e->layers; i++) {
    Layer *l = &e->layer[i], *before = l - 1;
    if (i) l->in_h = before->out_h, l->in_w = before->out_w, l->in_c = before->out_c, l->in_stride = before->out_stride;
    if (shape_layer(l, i == 0)) return -1;
    l->at = e->parameters;
    e->parameters += l->kernel + l->bias;
    l->sums_at = e->piece_size;
    if (l->spec.kind == CONV || l->spec.kind == NORM) e->piece_size += learned(l);
    if (reserve_layer(e, l)) return -1;
  }
  for (int i = e->layers - 1; i >= 0; i--) {
    Layer *l = &e->layer[i];
    l->grad = shares_gradient(e, i) ? l[1].grad : reserve(sizeof(float) * e->batch * l->out_size);
    if (!l->grad) return -1;
  }
  const Layer *last = &e->layer[e->layers - 1];
  if (last->spec.kind != DENSE || last->spec.relu || last->out_c != e->classes) return -1;
  e->p = reserve(sizeof(float) * e->parameters);
  e->m = reserve(sizeof(float) * e->parameters);
  e->v = reserve(sizeof(float) * e->parameters);
  e->g = reserve(sizeof(float) * e->pieces * e->piece_size);
  e->input = reserve(sizeof(float) * e->batch * e->in_size);
  e->losses = reserve(sizeof(double) * e->pieces * 2);
  return e->p && e->m && e->v && e->g && e->input && e->losses ? reserve_scratch(e) : -1;
}

Engine *engine_create(const LayerSpec *layers, int32_t num_layers, int32_t h, int32_t w, int32_t c, int32_t classes,
                      int32_t batch, int32_t threads, uint64_t seed) {
  if (num_layers < 1 || num_layers > MAX_LAYERS || batch < 1 || classes < 2 || c < 1) return 0;
  Engine *e = reserve(sizeof(Engine));
  if (!e) return 0;
  e->layers = num_layers, e->batch = batch, e->classes = classes, e->seed = seed;
  e->threads = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
  e->pieces = (batch + PIECE - 1) / PIECE;
  e->in_size = (int64_t)h * w * c;
  pthread_mutex_init(&e->lock, 0);
  pthread_cond_init(&e->wake, 0);
  for (int i = 0; i < num_layers; i++) e->layer[i].spec = layers[i];
  e->layer[0].in_h = h, e->layer[0].in_w = w, e->layer[0].in_c = e->layer[0].in_stride = c;
  if (prepare(e)) {
    engine_free(e);
    return 0;
  }
  return e;
}

void engine_free(Engine *e) {
  if (!e) return;
  for (int i = 0; i < e->layers; i++) {
    Layer *l = &e->layer[i];
    void *owned[] = {l->out, shares_gradient(e, i) ? 0 : l->grad, l->winner, l->copy, l->where, l->sums, l->mean, l->inverse,
                     l->factor, l->add, l->by_sum, l->by_product};
    for (unsigned k = 0; k < sizeof owned / sizeof *owned; k++) release(owned[k]);
  }
  for (int t = 0; t < e->threads; t++) {
    Scratch *s = &e->scratch[t];
    release(s->image), release(s->in), release(s->out), release(s->rows), release(s->full), release(s->winners);
  }
  release(e->p), release(e->m), release(e->v), release(e->g), release(e->input), release(e->losses), release(e->kept);
  pthread_mutex_destroy(&e->lock);
  pthread_cond_destroy(&e->wake);
  release(e);
}

int64_t engine_num_parameters(const Engine *e) { return e->parameters; }

int64_t engine_layer(const Engine *e, int32_t i, LayerLayout *to) {
  const Layer *l = &e->layer[i];
  *to = (LayerLayout){l->at, l->kernel, l->bias, l->in_h, l->in_w, l->in_c, l->in_stride, l->out_h, l->out_w, l->out_c,
                      l->out_stride, l->sparse};
  return l->at;
}

float *engine_parameters(Engine *e) { return e->p; }
float *engine_moments(Engine *e, int32_t second) { return second ? e->v : e->m; }
int64_t *engine_step(Engine *e) { return &e->step; }

void engine_parameters_changed(Engine *e) {
  for (int i = 0; i < e->layers; i++)
    if (e->layer[i].spec.kind == CONV) copy_kernels(e, &e->layer[i], 0, e->layer[i].kernel);
}

float *engine_keep_gradients(Engine *e) {
  if (!e->kept) e->kept = reserve(sizeof(float) * e->parameters);
  return e->kept;
}
