/* Training of small networks on a CPU, in float32: the interface.
 *
 * Layout. An activation of one image is (h, w, c) with c padded to a multiple of 16 floats (LANES), so that a vector holds
 * 16 channels of one position; padding is zero and stays zero. The input image alone has its own number of channels.
 * Kernels are (kh, kw, in, out) with `out` padded, dense weights (in, out) with `in` as the activation before lies in
 * memory and `out` padded. All parameters lie in one array, layer after layer: weights, then bias; gamma, beta, then the
 * moving mean and variance, which no optimizer touches.
 *
 * Augmentation. An image that is read beyond its edge has the edge's pixels there, as in `convscope.training.batches`.
 *
 * Order of sums. A batch is cut into pieces of PIECE images, whatever the number of threads. Each piece adds up its own
 * gradients, and pieces are added in order, so that the result does not depend on who computed what.
 */
#ifndef CONVSCOPE_ENGINE_H
#define CONVSCOPE_ENGINE_H

#include <stdint.h>

enum { LANES = 16, PIECE = 8 };
enum { CONV = 0, DENSE = 1, NORM = 2, POOL = 3, RELU = 4, DROPOUT = 5 };

typedef struct {
  int32_t kind;
  int32_t outputs;            /* CONV, DENSE: channels or units */
  int32_t kernel_h, kernel_w; /* CONV */
  int32_t same;               /* CONV: zero padding keeps the size */
  int32_t bias;               /* CONV, DENSE: whether there is one */
  int32_t relu;               /* CONV, DENSE, NORM: ReLU after the layer */
  int32_t pool_h, pool_w;     /* CONV, POOL: max pooling after that; 1 x 1 is none */
  float rate;                 /* DROPOUT: share that is set to zero */
  float momentum, epsilon;    /* NORM */
} LayerSpec;

typedef struct {
  float beta_1, beta_2, epsilon, weight_decay, label_smoothing;
} Optimizer;

typedef struct {
  const uint8_t *images;  /* n x h x w x c */
  const int64_t *labels;  /* n */
  const int64_t *rows;    /* steps x batch: which image is where in which step */
  const int16_t *shifts;  /* steps x batch x 2: rows down, columns right where an image is read; NULL for none */
  const float *warps;     /* steps x batch x 6: affine maps from the new image into the old one; NULL for none */
  const float *rates;     /* steps: learning rates */
  const float *class_weights; /* classes: factors of the losses of their images; NULL for 1 */
  int64_t steps;
  int64_t last;           /* images in the last step; batch if it is a whole one */
} Epoch;

/* Where a layer's parameters lie, and the shapes around it. */
typedef struct {
  int64_t at, kernel, bias; /* the first float; floats of kernel | gamma and beta, and of bias | moving mean and variance */
  int32_t in_h, in_w, in_c, in_stride, out_h, out_w, out_c, out_stride;
  int32_t sparse;           /* CONV: kernels lie as (out, kh, kw, in) */
} LayerLayout;

typedef struct Engine Engine;

/* NULL if memory is short or a layer does not fit. */
Engine *engine_create(const LayerSpec *layers, int32_t num_layers, int32_t h, int32_t w, int32_t c, int32_t classes,
                      int32_t batch, int32_t threads, uint64_t seed);
void engine_free(Engine *engine);

int64_t engine_num_parameters(const Engine *engine);
int64_t engine_layer(const Engine *engine, int32_t layer, LayerLayout *layout);
float *engine_parameters(Engine *engine);
/* To be called after parameters were written. */
void engine_parameters_changed(Engine *engine);
float *engine_moments(Engine *engine, int32_t second);
int64_t *engine_step(Engine *engine);
/* Gradients of the last step, for tests: filled only if asked for before it. */
float *engine_keep_gradients(Engine *engine);

/* Train `epoch`; add the sum of the plain losses and the number of correct predictions to out[0] and out[1]. */
int32_t engine_train(Engine *engine, const Epoch *epoch, const Optimizer *optimizer, double *out);
/* (n, classes) logits of n images; normalisation by moving statistics, no dropout. */
int32_t engine_predict(Engine *engine, const uint8_t *images, int64_t n, float *logits);

#endif
