// Kernels over single elements and over rows: GELU, layer normalization with its residual and dropout, softmax, sums.
#include "clones.h"
#include "device.h"

// ---- elements ------------------------------------------------------------------------------------------------

/// Elements a piece has.
enum { CHUNK = 16384 };

typedef struct {
  const float *a, *b;
  float *c;
  size_t count;
  pare_dropout dropout;
  double *sums;
} elements;

static int chunks(size_t count) { return (int)((count + CHUNK - 1) / CHUNK); }
static size_t chunk_end(int piece, size_t count) {
  size_t end = (size_t)(piece + 1) * CHUNK;
  return end < count ? end : count;
}

PARE_CLONES
static void gelu_piece(void *context, int piece) {
  const elements *e = context;
  size_t end = chunk_end(piece, e->count);
  const float *x = e->a;
  float *y = e->c;
  PARE_INDEPENDENT
  for (size_t i = (size_t)piece * CHUNK; i < end; i++) {
    float bell, phi = pare_normal(x[i], &bell);
    y[i] = x[i] * phi;
  }
}

void pare_gelu_forward(pare_device *device, const float *x, size_t count, float *y) {
  elements e = {.a = x, .c = y, .count = count};
  pare_run(device, chunks(count), gelu_piece, &e);
}

// d(x Φ(x))/dx = Φ(x) + x φ(x), φ(x) = e^(−x²/2) / √(2π)
PARE_CLONES
static void gelu_backward_piece(void *context, int piece) {
  const elements *e = context;
  size_t end = chunk_end(piece, e->count);
  const float *x = e->a, *dY = e->b;
  float *dX = e->c;
  PARE_INDEPENDENT
  for (size_t i = (size_t)piece * CHUNK; i < end; i++) {
    float bell, phi = pare_normal(x[i], &bell);
    dX[i] = dY[i] * (phi + x[i] * bell * 0.39894228f);
  }
}

void pare_gelu_backward(pare_device *device, const float *x, const float *dY, size_t count, float *dX) {
  elements e = {.a = x, .b = dY, .c = dX, .count = count};
  pare_run(device, chunks(count), gelu_backward_piece, &e);
}

void pare_tanh_forward(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = tanhf(x[i]);
}

void pare_tanh_backward(const float *y, size_t count, float *dY) {
  for (size_t i = 0; i < count; i++) dY[i] *= 1 - y[i] * y[i];
}

PARE_CLONES
static void dropout_piece(void *context, int piece) {
  const elements *e = context;
  size_t end = chunk_end(piece, e->count);
  uint32_t threshold = pare_dropout_threshold(e->dropout);
  float scale = pare_dropout_scale(e->dropout), *x = e->c;
  PARE_INDEPENDENT
  for (size_t i = (size_t)piece * CHUNK; i < end; i++)
    x[i] *= pare_dropout_factor(e->dropout.key, (uint32_t)i, threshold, scale);
}

void pare_dropout_apply(pare_device *device, float *x, size_t count, pare_dropout dropout) {
  if (dropout.probability == 0) return;
  elements e = {.c = x, .count = count, .dropout = dropout};
  pare_run(device, chunks(count), dropout_piece, &e);
}

PARE_CLONES
static void add_piece(void *context, int piece) {
  const elements *e = context;
  size_t end = chunk_end(piece, e->count);
  PARE_INDEPENDENT
  for (size_t i = (size_t)piece * CHUNK; i < end; i++) e->c[i] += e->a[i];
}

void pare_add(pare_device *device, const float *x, size_t count, float *y) {
  elements e = {.a = x, .c = y, .count = count};
  pare_run(device, chunks(count), add_piece, &e);
}

// Sixteen running sums in a fixed order: quick, and the same for every instruction set.
PARE_CLONES
static void squares_piece(void *context, int piece) {
  const elements *e = context;
  size_t end = chunk_end(piece, e->count), i = (size_t)piece * CHUNK;
  double lanes[16] = {0};
  for (; i + 16 <= end; i += 16)
    for (int lane = 0; lane < 16; lane++) lanes[lane] += (double)e->a[i + lane] * e->a[i + lane];
  double sum = 0;
  for (int lane = 0; lane < 16; lane++) sum += lanes[lane];
  for (; i < end; i++) sum += (double)e->a[i] * e->a[i];
  e->sums[piece] = sum;
}

static double sum_pieces(pare_device *device, const float *x, size_t count, pare_body body) {
  int pieces = chunks(count);
  size_t bytes = (size_t)(pieces + 1) * sizeof(double);
  double *sums = pare_allocate(bytes), sum = 0;
  if (!sums) return NAN;
  elements e = {.a = x, .count = count, .sums = sums};
  pare_run(device, pieces, body, &e);
  for (int i = 0; i < pieces; i++) sum += sums[i];
  pare_release(sums, bytes);
  return sum;
}

double pare_sum_of_squares(pare_device *device, const float *x, size_t count) {
  return sum_pieces(device, x, count, squares_piece);
}

PARE_CLONES
static void finite_piece(void *context, int piece) {
  const elements *e = context;
  size_t end = chunk_end(piece, e->count);
  int bad = 0;
  PARE_INDEPENDENT
  for (size_t i = (size_t)piece * CHUNK; i < end; i++) {
    uint32_t bits;
    memcpy(&bits, &e->a[i], sizeof bits);
    bad |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  e->sums[piece] = bad;
}

bool pare_all_finite(pare_device *device, const float *x, size_t count) {
  return sum_pieces(device, x, count, finite_piece) == 0;
}

typedef struct {
  const pare_adamw *options;
  float *parameter, *gradient, *first, *second;
  size_t count;
} adamw;

PARE_CLONES
static void adamw_piece(void *context, int piece) {
  const adamw *a = context;
  const pare_adamw o = *a->options;
  size_t end = chunk_end(piece, a->count);
  float *restrict p = a->parameter, *restrict g = a->gradient, *restrict m = a->first, *restrict v = a->second;
  float keep = 1 - o.learning_rate * o.weight_decay, rate = o.learning_rate / o.correction1;
  float root = 1 / __builtin_elementwise_sqrt(o.correction2);
  PARE_INDEPENDENT
  for (size_t i = (size_t)piece * CHUNK; i < end; i++) {
    float gradient = g[i] * o.gradient_scale;
    m[i] = o.beta1 * m[i] + (1 - o.beta1) * gradient;
    v[i] = o.beta2 * v[i] + (1 - o.beta2) * gradient * gradient;
    p[i] = p[i] * keep - rate * m[i] / (__builtin_elementwise_sqrt(v[i]) * root + o.epsilon);
    g[i] = 0;
  }
}

void pare_adamw_step(pare_device *device, const pare_adamw *options, size_t count, float *parameter, float *gradient,
  float *first_moment, float *second_moment) {
  adamw a = {options, parameter, gradient, first_moment, second_moment, count};
  pare_run(device, chunks(count), adamw_piece, &a);
}

// ---- rows ----------------------------------------------------------------------------------------------------

typedef struct {
  const float *x, *residual, *weight, *bias, *dY, *kept_sum;
  float *sum, *statistics, *y, *dSum, *dX, *partial;
  int rows, width;
  float epsilon;
  pare_dropout dropout;
} norm;

enum { LANES = 16 };

/// Σ x[i] in a fixed order.
PARE_INLINE float row_sum(const float *x, int width) {
  float lanes[LANES] = {0}, sum = 0;
  int i = 0;
  for (; i + LANES <= width; i += LANES)
    for (int lane = 0; lane < LANES; lane++) lanes[lane] += x[i + lane];
  for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
  for (; i < width; i++) sum += x[i];
  return sum;
}

/// Σ (x[i] − mean)².
PARE_INLINE float row_squares(const float *x, int width, float mean) {
  float lanes[LANES] = {0}, sum = 0;
  int i = 0;
  for (; i + LANES <= width; i += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      float d = x[i + lane] - mean;
      lanes[lane] += d * d;
    }
  for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
  for (; i < width; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

PARE_CLONES
static void norm_piece(void *context, int piece) {
  const norm *n = context;
  int width = n->width, end = pare_piece_end(piece, n->rows);
  uint32_t threshold = pare_dropout_threshold(n->dropout);
  float scale = pare_dropout_scale(n->dropout);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++) {
    const float *x = n->x + (size_t)r * width;
    const float *residual = n->residual ? n->residual + (size_t)r * width : NULL;
    float *y = n->y + (size_t)r * width, *sum = n->sum ? n->sum + (size_t)r * width : y;
    uint32_t index = (uint32_t)r * (uint32_t)width;
    if (n->dropout.probability > 0) {
      PARE_INDEPENDENT
      for (int i = 0; i < width; i++)
        sum[i] = x[i] * pare_dropout_factor(n->dropout.key, index + (uint32_t)i, threshold, scale) + residual[i];
    } else if (residual) {
      PARE_INDEPENDENT
      for (int i = 0; i < width; i++) sum[i] = x[i] + residual[i];
    } else if (sum != x) {
      memcpy(sum, x, (size_t)width * sizeof(float));
    }
    float mean = row_sum(sum, width) / width;
    float deviation = 1 / __builtin_elementwise_sqrt(row_squares(sum, width, mean) / width + n->epsilon);
    PARE_INDEPENDENT
    for (int i = 0; i < width; i++) y[i] = (sum[i] - mean) * deviation * n->weight[i] + n->bias[i];
    if (n->statistics) {
      n->statistics[2 * r] = mean;
      n->statistics[2 * r + 1] = deviation;
    }
  }
}

void pare_layer_norm_forward(pare_device *device, const float *x, const float *residual, pare_dropout dropout, int rows,
  int width, const float *weight, const float *bias, float epsilon, float *sum, float *statistics, float *y) {
  norm n = {.x = x, .residual = residual, .weight = weight, .bias = bias, .sum = sum, .statistics = statistics, .y = y,
    .rows = rows, .width = width, .epsilon = epsilon, .dropout = dropout};
  if (width > 0) pare_run(device, pare_pieces(rows), norm_piece, &n);
}

// With x̂ = (sum − mean) · deviation and g = dY · weight:
// dSum = deviation · (g − mean(g) − x̂ · mean(g · x̂)); dWeight = Σ dY · x̂; dBias = Σ dY.
PARE_CLONES
static void norm_backward_piece(void *context, int piece) {
  const norm *n = context;
  int width = n->width, end = pare_piece_end(piece, n->rows);
  float *dWeight = n->partial + (size_t)piece * 2 * width, *dBias = dWeight + width;
  memset(dWeight, 0, 2 * (size_t)width * sizeof(float));
  uint32_t threshold = pare_dropout_threshold(n->dropout);
  float scale = pare_dropout_scale(n->dropout);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++) {
    const float *dY = n->dY + (size_t)r * width, *sum = n->kept_sum + (size_t)r * width;
    float *dSum = n->dSum + (size_t)r * width;
    float mean = n->statistics[2 * r], deviation = n->statistics[2 * r + 1];
    float g_lanes[LANES] = {0}, gx_lanes[LANES] = {0};
    int i = 0;
    for (; i + LANES <= width; i += LANES)
      for (int lane = 0; lane < LANES; lane++) {
        float normalized = (sum[i + lane] - mean) * deviation, g = dY[i + lane] * n->weight[i + lane];
        dWeight[i + lane] += dY[i + lane] * normalized;
        dBias[i + lane] += dY[i + lane];
        g_lanes[lane] += g;
        gx_lanes[lane] += g * normalized;
      }
    float g_mean = 0, gx_mean = 0;
    for (int lane = 0; lane < LANES; lane++) {
      g_mean += g_lanes[lane];
      gx_mean += gx_lanes[lane];
    }
    for (; i < width; i++) {
      float normalized = (sum[i] - mean) * deviation, g = dY[i] * n->weight[i];
      dWeight[i] += dY[i] * normalized;
      dBias[i] += dY[i];
      g_mean += g;
      gx_mean += g * normalized;
    }
    g_mean /= width;
    gx_mean /= width;
    PARE_INDEPENDENT
    for (i = 0; i < width; i++) {
      float normalized = (sum[i] - mean) * deviation;
      dSum[i] = deviation * (dY[i] * n->weight[i] - g_mean - normalized * gx_mean);
    }
    if (n->dX && n->dX != n->dSum) {
      float *dX = n->dX + (size_t)r * width;
      uint32_t index = (uint32_t)r * (uint32_t)width;
      PARE_INDEPENDENT
      for (i = 0; i < width; i++)
        dX[i] = dSum[i] * pare_dropout_factor(n->dropout.key, index + (uint32_t)i, threshold, scale);
    }
  }
}

bool pare_layer_norm_backward(pare_device *device, const float *dY, const float *sum, const float *statistics,
  pare_dropout dropout, int rows, int width, const float *weight, float *dSum, float *dX, float *dWeight,
  float *dBias) {
  int pieces = pare_pieces(rows);
  if (pieces == 0 || width == 0) return true;
  size_t bytes = (size_t)pieces * 2 * width * sizeof(float);
  float *partial = pare_allocate(bytes);
  if (!partial) return false;
  norm n = {.dY = dY, .kept_sum = sum, .statistics = (float *)statistics, .weight = weight, .dSum = dSum, .dX = dX,
    .partial = partial, .rows = rows, .width = width, .dropout = dropout};
  pare_run(device, pieces, norm_backward_piece, &n);
  for (int piece = 0; piece < pieces; piece++) {
    const float *row = partial + (size_t)piece * 2 * width;
    PARE_INDEPENDENT
    for (int i = 0; i < width; i++) dWeight[i] += row[i];
    PARE_INDEPENDENT
    for (int i = 0; i < width; i++) dBias[i] += row[width + i];
  }
  pare_release(partial, bytes);
  return true;
}

PARE_CLONES
static void softmax_piece(void *context, int piece) {
  const norm *n = context;
  int end = pare_piece_end(piece, n->rows);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++) {
    float *x = n->y + (size_t)r * n->width, most = -INFINITY;
    for (int i = 0; i < n->width; i++) most = x[i] > most ? x[i] : most;
    for (int i = 0; i < n->width; i++) x[i] = pare_exp(x[i] - most);
    float scale = 1 / row_sum(x, n->width);
    for (int i = 0; i < n->width; i++) x[i] *= scale;
  }
}

void pare_softmax_rows(pare_device *device, float *x, int rows, int width) {
  norm n = {.y = x, .rows = rows, .width = width};
  if (width > 0) pare_run(device, pare_pieces(rows), softmax_piece, &n);
}
