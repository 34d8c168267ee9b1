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
  float *copy;                     /* CONV: the kernels in the other layout */
  int32_t *offset, *where;         /* CONV: taps; sparse: the position of each winner */
  double *sums;                    /* NORM: pieces x 2 x out_stride */
  float *mean, *inverse, *scale_1, *scale_2;
} Layer;

typedef struct {
  float *in, *out, *rows, *full; /* padded input and its gradient, rows before pooling, unpooled gradient */
} Scratch;

struct Engine {
  Layer layer[MAX_LAYERS];
  int layers, classes, batch, threads, pieces, in_c;
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
  atomic_int arrived, generation, next;
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
    atomic_store(&e->next, 0);
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

static int take(Engine *e, int limit) {
  int i = atomic_fetch_add(&e->next, 1);
  return i < limit ? i : -1;
}

static int num_pieces(const Engine *e) { return (e->n + PIECE - 1) / PIECE; }
static int piece_end(const Engine *e, int piece) { return (piece + 1) * PIECE < e->n ? (piece + 1) * PIECE : e->n; }

/* ---------------------------------------------------------------- input */

/* An image of bytes to 0..1, cut out of its padded self, or drawn anew through an affine map with bilinear weights. */
static void read_image(const Engine *e, const uint8_t *image, const int16_t *shift, const float *warp, float *out) {
  const Layer *first = &e->layer[0];
  int h = first->in_h, w = first->in_w, c = e->in_c;
  const float scale = 1 / 255.0f;
  if (warp) {
    for (int y = 0; y < h; y++)
      for (int x = 0; x < w; x++) {
        float fx = warp[0] * x + warp[1] * y + warp[2], fy = warp[3] * x + warp[4] * y + warp[5];
        float lx = floorf(fx), ly = floorf(fy), rx = fx - lx, ry = fy - ly;
        float *to = out + ((int64_t)y * w + x) * c;
        for (int k = 0; k < c; k++) to[k] = 0;
        if (!(lx >= -1 && lx < w && ly >= -1 && ly < h)) continue;
        for (int q = 0; q < 4; q++) {
          int sx = (int)lx + (q & 1), sy = (int)ly + (q >> 1);
          if (sx < 0 || sx >= w || sy < 0 || sy >= h) continue;
          float part = ((q & 1) ? rx : 1 - rx) * ((q >> 1) ? ry : 1 - ry) * scale;
          for (int k = 0; k < c; k++) to[k] += part * image[((int64_t)sy * w + sx) * c + k];
        }
      }
    return;
  }
  int dy = shift ? shift[0] : 0, dx = shift ? shift[1] : 0;
  for (int y = 0; y < h; y++) {
    float *to = out + (int64_t)y * w * c;
    int from = dx < 0 ? -dx : 0, until = dx > 0 ? w - dx : w;
    if (y + dy < 0 || y + dy >= h) from = until = w;
    const uint8_t *row = image + ((int64_t)(y + dy) * w + dx) * c;
    for (int i = 0; i < from * c; i++) to[i] = 0;
    for (int i = from * c; i < until * c; i++) to[i] = row[i] * scale;
    for (int i = until * c; i < w * c; i++) to[i] = 0;
  }
}

static void read_piece(Engine *e, int piece) {
  for (int b = piece * PIECE; b < piece_end(e, piece); b++) {
    float *to = e->input + b * e->in_size;
    if (!e->training) {
      read_image(e, e->images + b * e->in_size, 0, 0, to);
      continue;
    }
    int64_t at = e->now * e->batch + b;
    const Epoch *o = e->epoch;
    read_image(e, o->images + o->rows[at] * e->in_size, o->shifts ? o->shifts + 2 * at : 0, o->warps ? o->warps + 6 * at : 0, to);
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

/* The input with a margin of zeros; the input itself where no margin is needed. */
static const float *with_margin(const Layer *l, const float *in, float *scratch) {
  if (!l->pad_h && !l->pad_w) return in;
  int row = row_floats(l);
  memset(scratch, 0, sizeof(float) * row * (l->in_h + 2 * l->pad_h));
  for (int y = 0; y < l->in_h; y++)
    memcpy(scratch + (int64_t)(y + l->pad_h) * row + l->pad_w * l->in_stride, in + (int64_t)y * l->in_w * l->in_stride,
           sizeof(float) * l->in_w * l->in_stride);
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
    conv_row(x + (int64_t)y * row, row, l->in_stride, l->in_c, kernel, l->spec.kernel_h, l->spec.kernel_w, l->out_stride, bias,
             to, l->conv_w);
    if (pooled && y % ph == ph - 1) {
      int64_t at = (int64_t)(y / ph) * l->out_w * l->out_stride;
      pool_row(s->rows, l->conv_w, l->out_stride, ph, pw, l->spec.relu, out + at, l->winner + b * l->out_size + at, l->out_w);
    }
  }
  if (!pooled && l->spec.relu)
    for (int64_t k = 0; k < l->out_size; k += LANES) {
      vec v = load(out + k);
      store(out + k, choose(v > 0, v, (vec){0}));
    }
}

static void conv_backward_sparse(Engine *e, int i, int b, float *sums, Scratch *s) {
  Layer *l = &e->layer[i];
  const float *x = with_margin(l, input_of(e, i, b), s->in), *grad = l->grad + b * l->out_size, *kernel = e->p + l->at;
  const uint8_t *winner = l->winner + b * l->out_size;
  int row = row_floats(l), taps = l->spec.kernel_h * l->spec.kernel_w, margin = l->pad_h || l->pad_w;
  int positions = l->out_h * l->out_w, window = l->spec.pool_h * l->spec.pool_w;
  float *to = input_gradient(e, i, b), *full = margin ? s->out : to;
  if (full) memset(full, 0, sizeof(float) * (margin ? row * (l->in_h + 2 * l->pad_h) : l->in_size));
  for (int o = 0; o < l->out_c; o++)
    for (int c = 0; c < l->in_stride; c += LANES)
      for (int t = 0; t < taps; t += SPARSE_TAPS) {
        int64_t k = ((int64_t)o * taps + t) * l->in_stride + c;
#define TILE(T) winners_tile(T, taps - t, x + c, to ? full + c : 0, row, l->in_stride, l->offset + t, kernel + k, grad + o, \
                             winner + o, positions, l->where, l->out_stride, window, sums + k)
        if (taps - t >= SPARSE_TAPS) TILE(SPARSE_TAPS);
        else TILE(0);
#undef TILE
      }
  float *bias = sums + l->kernel;
  for (int p = 0; l->bias && p < positions; p++)
    for (int o = 0; o < l->out_c; o++)
      if (winner[(int64_t)p * l->out_stride + o] != NO_WINNER) bias[o] += grad[(int64_t)p * l->out_stride + o];
  for (int y = 0; margin && to && y < l->in_h; y++)
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
  float *grad = l->grad + b * l->out_size;
  int kh = l->spec.kernel_h, kw = l->spec.kernel_w, out = l->out_stride;
  if (l->spec.pool_h * l->spec.pool_w > 1) {
    unpool(grad, l->winner + b * l->out_size, l->out_h, l->out_w, out, l->conv_w, l->spec.pool_h, l->spec.pool_w, s->full);
    grad = s->full;
  }
  kernel_gradient(x, row_floats(l), l->in_stride, l->offset, kh * kw * l->in_c, grad, l->conv_h, l->conv_w, out, sums);
  for (int o = 0; l->bias && o < out; o += LANES) {
    vec sum = load(sums + l->kernel + o);
    for (int p = 0; p < l->conv_h * l->conv_w; p++) sum += load(grad + (int64_t)p * out + o);
    store(sums + l->kernel + o, sum);
  }
  float *to = input_gradient(e, i, b);
  if (!to) return;
  /* The input's gradient is a convolution too: of the padded gradient, with the kernels turned round. */
  int row = (l->in_w + kw - 1) * out, top = kh - 1 - l->pad_h, left = kw - 1 - l->pad_w;
  memset(s->out, 0, sizeof(float) * row * (l->in_h + kh - 1));
  for (int y = 0; y < l->conv_h; y++)
    memcpy(s->out + (int64_t)(y + top) * row + left * out, grad + (int64_t)y * l->conv_w * out, sizeof(float) * l->conv_w * out);
  for (int y = 0; y < l->in_h; y++)
    conv_row(s->out + (int64_t)y * row, row, out, l->out_c, l->copy, kh, kw, l->in_stride, 0,
             to + (int64_t)y * l->in_w * l->in_stride, l->in_w);
}

/* Bring the other layout of `count` kernel floats from `from` on up to date. */
static void copy_kernels(Engine *e, Layer *l, int64_t from, int64_t count) {
  int taps = l->spec.kernel_h * l->spec.kernel_w;
  const float *p = e->p + l->at;
  for (int64_t k = from; k < from + count; k++) {
    if (l->sparse) { /* (out, taps, in) to (taps, in, out) */
      int64_t c = k % l->in_stride, t = k / l->in_stride % taps, o = k / l->in_stride / taps;
      if (c < l->in_c) l->copy[(t * l->in_c + c) * l->out_stride + o] = p[k];
    } else { /* (taps, in, out) to (taps turned round, out, in) */
      int64_t o = k % l->out_stride, c = k / l->out_stride % l->in_c, t = k / l->out_stride / l->in_c;
      if (o < l->out_c && l->copy) l->copy[((taps - 1 - t) * l->out_c + o) * l->in_stride + c] = p[k];
    }
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

static void dropout(Engine *e, int i, int b, const float *in, float *out) {
  Layer *l = &e->layer[i];
  uint64_t key = hash(hash(e->seed ^ ((uint64_t)e->step << 8 | (uint64_t)i)) + (uint64_t)b);
  float kept = 1 / (1 - l->spec.rate);
  uint32_t limit = (uint32_t)(l->spec.rate * 4294967296.0);
  for (int64_t k = 0; k < l->out_size; k++) out[k] = (uint32_t)hash(key + (uint64_t)k) < limit ? 0 : in[k] * kept;
}

/* Sums of the input and of its squares over a piece; of each image in float, of the images in double. */
static void norm_sums(Engine *e, int i, int piece) {
  Layer *l = &e->layer[i];
  double *sums = l->sums + (int64_t)piece * 2 * l->out_stride;
  memset(sums, 0, sizeof(double) * 2 * l->out_stride);
  for (int b = piece * PIECE; b < piece_end(e, piece); b++)
    for (int c = 0; c < l->out_stride; c += LANES) {
      const float *x = input_of(e, i, b) + c;
      for (int y = 0; y < l->out_h; y++) {
        vec sum = {0}, squares = {0};
        for (int p = 0; p < l->out_w; p++, x += l->out_stride) {
          vec v = load(x);
          sum += v;
          squares += v * v;
        }
        for (int k = 0; k < LANES; k++) sums[c + k] += sum[k], sums[l->out_stride + c + k] += squares[k];
      }
    }
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
  }
}

static void norm_forward(Engine *e, int i, int b) {
  Layer *l = &e->layer[i];
  const float *in = input_of(e, i, b), *gamma = e->p + l->at, *beta = gamma + l->out_stride, *moving = e->p + l->at + l->kernel;
  float *out = l->out + b * l->out_size;
  for (int c = 0; c < l->out_stride; c += LANES) {
    vec mean, inverse;
    if (e->training) {
      mean = load(l->mean + c);
      inverse = load(l->inverse + c);
    } else {
      mean = load(moving + c);
      inverse = 1 / square_root(load(moving + l->out_stride + c) + l->spec.epsilon);
    }
    vec factor = inverse * load(gamma + c), add = load(beta + c) - mean * factor;
    for (int64_t k = c; k < l->out_size; k += l->out_stride) {
      vec v = load(in + k) * factor + add;
      store(out + k, l->spec.relu ? choose(v > 0, v, (vec){0}) : v);
    }
  }
}

/* Sums of the gradient, and of the gradient times the normalised input, over a piece. */
static void norm_gradient_sums(Engine *e, int i, int piece) {
  Layer *l = &e->layer[i];
  double *sums = l->sums + (int64_t)piece * 2 * l->out_stride;
  memset(sums, 0, sizeof(double) * 2 * l->out_stride);
  for (int b = piece * PIECE; b < piece_end(e, piece); b++)
    for (int c = 0; c < l->out_stride; c += LANES) {
      const float *x = input_of(e, i, b) + c, *g = l->grad + b * l->out_size + c;
      vec mean = load(l->mean + c), inverse = load(l->inverse + c);
      for (int y = 0; y < l->out_h; y++) {
        vec sum = {0}, products = {0};
        for (int p = 0; p < l->out_w; p++, x += l->out_stride, g += l->out_stride) {
          vec d = load(g);
          sum += d;
          products += d * ((load(x) - mean) * inverse);
        }
        for (int k = 0; k < LANES; k++) sums[c + k] += sum[k], sums[l->out_stride + c + k] += products[k];
      }
    }
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
    l->scale_1[c] = (float)(sum / count);
    l->scale_2[c] = (float)(products / count);
  }
}

static void norm_backward(Engine *e, int i, int b) {
  Layer *l = &e->layer[i];
  float *to = input_gradient(e, i, b);
  if (!to) return;
  const float *in = input_of(e, i, b), *grad = l->grad + b * l->out_size;
  for (int c = 0; c < l->out_stride; c += LANES) {
    vec mean = load(l->mean + c), inverse = load(l->inverse + c), factor = inverse * load(e->p + l->at + c);
    vec one = load(l->scale_1 + c), two = load(l->scale_2 + c);
    for (int64_t k = c; k < l->out_size; k += l->out_stride)
      store(to + k, factor * (load(grad + k) - one - (load(in + k) - mean) * inverse * two));
  }
}

static void mask_relu(const Layer *l, int b) {
  float *grad = l->grad + b * l->out_size;
  const float *out = l->out + b * l->out_size;
  for (int64_t k = 0; k < l->out_size; k += LANES) store(grad + k, choose(load(out + k) > 0, load(grad + k), (vec){0}));
}

/* ---------------------------------------------------------------- pieces */

static void forward(Engine *e, int i, int piece, Scratch *s) {
  Layer *l = &e->layer[i];
  int from = piece * PIECE, until = piece_end(e, piece);
  if (l->spec.kind == DENSE) {
    const float *bias = l->bias ? e->p + l->at + l->kernel : 0;
    float *out = l->out + from * l->out_size;
    dense_forward(input_of(e, i, from), until - from, l->in_size, e->p + l->at, l->out_stride, bias, out);
    for (int64_t k = 0; l->spec.relu && k < (until - from) * l->out_size; k += LANES)
      store(out + k, choose(load(out + k) > 0, load(out + k), (vec){0}));
    return;
  }
  for (int b = from; b < until; b++) {
    const float *in = input_of(e, i, b);
    float *out = l->out + b * l->out_size;
    if (l->spec.kind == CONV) conv_forward(e, i, b, s);
    else if (l->spec.kind == NORM) norm_forward(e, i, b);
    else if (l->spec.kind == DROPOUT && e->training) dropout(e, i, b, in, out);
    else if (l->spec.kind == DROPOUT) memcpy(out, in, sizeof(float) * l->out_size);
    else if (l->spec.kind == POOL)
      for (int y = 0; y < l->out_h; y++) {
        int64_t at = (int64_t)y * l->out_w * l->out_stride;
        pool_row(in + (int64_t)y * l->spec.pool_h * l->in_w * l->in_stride, l->in_w, l->in_stride, l->spec.pool_h,
                 l->spec.pool_w, 0, out + at, l->winner + b * l->out_size + at, l->out_w);
      }
    else
      for (int64_t k = 0; k < l->out_size; k += LANES) store(out + k, choose(load(in + k) > 0, load(in + k), (vec){0}));
  }
}

static void backward(Engine *e, int i, int piece, Scratch *s) {
  Layer *l = &e->layer[i];
  int from = piece * PIECE, until = piece_end(e, piece);
  int pooled = l->spec.pool_h * l->spec.pool_w > 1;
  if (l->spec.relu && l->spec.kind != NORM && !(l->spec.kind == CONV && pooled))
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
    else if (l->spec.kind == NORM) norm_backward(e, i, b);
    else if (!to) continue;
    else if (l->spec.kind == DROPOUT) dropout(e, i, b, grad, to);
    else if (l->spec.kind == POOL) {
      memset(to, 0, sizeof(float) * l->in_size);
      unpool(grad, l->winner + b * l->out_size, l->out_h, l->out_w, l->out_stride, l->in_w, l->spec.pool_h, l->spec.pool_w, to);
    } else
      for (int64_t k = 0; k < l->out_size; k += LANES)
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
    sum[0] += softmax_loss(grad, e->classes, l->out_stride, label, e->optimizer->label_smoothing, 1.0f / e->n, &correct);
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
    for (int o = 0; l->bias && o < l->out_stride; o += LANES) {
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
  for (int64_t k = 0; k < count; k += LANES) {
    vec sum = load(e->g + l->sums_at + from + k);
    for (int piece = 1; piece < pieces; piece++) sum += load(e->g + piece * e->piece_size + l->sums_at + from + k);
    store(grad + k, sum);
  }
  apply(e, l->at + from, count, grad);
  if (l->spec.kind == CONV && from < l->kernel) copy_kernels(e, l, from, from + count < l->kernel ? count : l->kernel - from);
}

static void update(Engine *e) {
  int total = 0;
  for (int i = 0; i < e->layers; i++) total += update_items(&e->layer[i]);
  for (int item; (item = take(e, total)) >= 0;) {
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
  if (e->layer[norm].spec.relu)
    for (int b = piece * PIECE; b < piece_end(e, piece); b++) mask_relu(&e->layer[norm], b);
  norm_gradient_sums(e, norm, piece);
}

/* One step, as every thread goes through it. All meet where sums over the whole batch are needed. */
static void train_step(Engine *e, Scratch *s) {
  for (int first = 0, next = norm_from(e, 0);; first = next, next = norm_from(e, next + 1)) {
    for (int piece; (piece = take(e, num_pieces(e))) >= 0;) {
      if (first == 0) {
        read_piece(e, piece);
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
    for (int piece; (piece = take(e, num_pieces(e))) >= 0;) backward_from(e, norm, piece, s);
  }
  meet(e, 0, 0);
  update(e);
  meet(e, end_step, 0);
}

typedef struct {
  Engine *engine;
  int thread;
} Job;

static void *work(void *argument) {
  Job *job = argument;
  Engine *e = job->engine;
  Scratch *s = &e->scratch[job->thread];
  if (e->training) {
    for (int64_t steps = e->epoch->steps; steps; steps--) train_step(e, s);
    return 0;
  }
  for (int piece; (piece = take(e, num_pieces(e))) >= 0;) {
    read_piece(e, piece);
    for (int i = 0; i < e->layers; i++) forward(e, i, piece, s);
  }
  return 0;
}

static int run(Engine *e) {
  pthread_t threads[MAX_THREADS];
  Job jobs[MAX_THREADS];
  int wanted = e->threads, started = 1, most = num_pieces(e);
  if (e->threads > most) e->threads = most;
  atomic_store(&e->arrived, 0);
  atomic_store(&e->next, 0);
  for (int i = 0; i < e->threads; i++) jobs[i] = (Job){e, i};
  /* All threads must be there before one waits for them: the lock holds the first ones back. */
  for (; started < e->threads; started++)
    if (pthread_create(&threads[started], 0, work, &jobs[started])) break;
  int failed = started < e->threads;
  if (failed) abort(); /* a thread short, the others would wait for ever */
  work(&jobs[0]);
  for (int i = 1; i < started; i++) pthread_join(threads[i], 0);
  e->threads = wanted;
  return 0;
}

int32_t engine_train(Engine *e, const Epoch *epoch, const Optimizer *optimizer, double *out) {
  if (epoch->steps < 1 || epoch->last < 1 || epoch->last > e->batch) return -1;
  e->epoch = epoch;
  e->optimizer = optimizer;
  e->result = out;
  e->now = 0;
  e->training = 1;
  start_step(e);
  int first = e->n;
  e->n = e->batch; /* as many threads as the larger steps need */
  if (epoch->steps == 1) e->n = first;
  return run(e);
}

int32_t engine_predict(Engine *e, const uint8_t *images, int64_t n, float *logits) {
  const Layer *last = &e->layer[e->layers - 1];
  e->training = 0;
  for (int64_t at = 0; at < n; at += e->batch) {
    e->n = (int)(n - at < e->batch ? n - at : e->batch);
    e->images = images + at * e->in_size;
    run(e);
    for (int b = 0; b < e->n; b++) memcpy(logits + (at + b) * e->classes, last->out + b * last->out_size, sizeof(float) * e->classes);
  }
  return 0;
}

/* ---------------------------------------------------------------- creation */

static int shape_conv(Layer *l) {
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
  l->sparse = s->pool_h * s->pool_w > 1 && s->relu && l->in_stride % LANES == 0;
  l->kernel = l->sparse ? l->out_c * taps * l->in_stride : taps * l->in_c * l->out_stride;
  l->kernel = (l->kernel + LANES - 1) / LANES * LANES;
  l->bias = s->bias ? l->out_stride : 0;
  return 0;
}

static int shape_layer(Layer *l) {
  l->in_size = (int64_t)l->in_h * l->in_w * l->in_stride;
  l->out_h = l->in_h;
  l->out_w = l->in_w;
  l->out_c = l->in_c;
  l->out_stride = l->in_stride;
  switch (l->spec.kind) {
  case CONV:
    if (shape_conv(l)) return -1;
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
  case RELU:
  case DROPOUT:
    break;
  default:
    return -1;
  }
  l->out_size = (int64_t)l->out_h * l->out_w * l->out_stride;
  return l->out_size < 1 || (l->spec.kind != CONV && l->spec.kind != DENSE && l->in_stride % LANES) ? -1 : 0;
}

static int reserve_conv(Engine *e, Layer *l) {
  int kh = l->spec.kernel_h, kw = l->spec.kernel_w, row = row_floats(l), count = kh * kw * (l->sparse ? 1 : l->in_c);
  int first = l == e->layer;
  l->offset = reserve(sizeof(int32_t) * count);
  if (l->sparse || !first) l->copy = reserve(sizeof(float) * kh * kw * (l->sparse ? (int64_t)l->in_c * l->out_stride : (int64_t)l->out_c * l->in_stride));
  if (!l->offset || ((l->sparse || !first) && !l->copy)) return -1;
  for (int t = 0; t < count; t++) {
    int tap = l->sparse ? t : t / l->in_c, c = l->sparse ? 0 : t % l->in_c;
    l->offset[t] = tap / kw * row + tap % kw * l->in_stride + c;
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
  l->grad = reserve(sizeof(float) * size);
  if (!l->out || !l->grad) return -1;
  if (l->spec.kind == POOL || (l->spec.kind == CONV && l->spec.pool_h * l->spec.pool_w > 1))
    if (!(l->winner = reserve(size))) return -1;
  if (l->spec.kind == NORM) {
    l->sums = reserve(sizeof(double) * e->pieces * 2 * l->out_stride);
    l->mean = reserve(sizeof(float) * l->out_stride);
    l->inverse = reserve(sizeof(float) * l->out_stride);
    l->scale_1 = reserve(sizeof(float) * l->out_stride);
    l->scale_2 = reserve(sizeof(float) * l->out_stride);
    if (!l->sums || !l->mean || !l->inverse || !l->scale_1 || !l->scale_2) return -1;
  }
  return l->spec.kind == CONV ? reserve_conv(e, l) : 0;
}

static int reserve_scratch(Engine *e) {
  int64_t in = 1, out = 1, rows = 1, full = 1;
#define MOST(a, b) if ((b) > (a)) (a) = (b)
  for (int i = 0; i < e->layers; i++) {
    Layer *l = &e->layer[i];
    if (l->spec.kind != CONV) continue;
    int64_t margin = (int64_t)row_floats(l) * (l->in_h + 2 * l->pad_h);
    MOST(in, margin);
    MOST(out, margin);
    MOST(out, (int64_t)(l->in_w + l->spec.kernel_w - 1) * (l->in_h + l->spec.kernel_h - 1) * l->out_stride);
    MOST(rows, (int64_t)l->spec.pool_h * l->conv_w * l->out_stride);
    MOST(full, (int64_t)l->conv_h * l->conv_w * l->out_stride);
  }
#undef MOST
  for (int t = 0; t < e->threads; t++) {
    Scratch *s = &e->scratch[t];
    s->in = reserve(sizeof(float) * in);
    s->out = reserve(sizeof(float) * out);
    s->rows = reserve(sizeof(float) * rows);
    s->full = reserve(sizeof(float) * full);
    if (!s->in || !s->out || !s->rows || !s->full) return -1;
  }
  return 0;
}

static int prepare(Engine *e) {
  for (int i = 0; i < e->layers; i++) {
    Layer *l = &e->layer[i], *before = l - 1;
    if (i) {
      l->in_h = before->out_h, l->in_w = before->out_w, l->in_c = before->out_c, l->in_stride = before->out_stride;
    }
    if (shape_layer(l)) return -1;
    l->at = e->parameters;
    e->parameters += l->kernel + l->bias;
    l->sums_at = e->piece_size;
    if (l->spec.kind == CONV || l->spec.kind == NORM) e->piece_size += learned(l);
    if (reserve_layer(e, l)) return -1;
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
  e->layers = num_layers, e->batch = batch, e->classes = classes, e->seed = seed, e->in_c = c;
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
    void *owned[] = {l->out, l->grad, l->winner, l->copy, l->offset, l->where, l->sums, l->mean, l->inverse, l->scale_1, l->scale_2};
    for (unsigned k = 0; k < sizeof owned / sizeof *owned; k++) release(owned[k]);
  }
  for (int t = 0; t < e->threads; t++) {
    Scratch *s = &e->scratch[t];
    release(s->in), release(s->out), release(s->rows), release(s->full);
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
