// Kernels over rows: layer normalization with its residual and dropout, and softmax.
#include "clones.h"
#include "device.h"

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
