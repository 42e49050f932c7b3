// Kernels over single elements: GELU, tanh, ReLU, dropout and sums.
#include "clones.h"
#include "device.h"

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

void pare_relu_forward(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = x[i] < 0 ? 0 : x[i];
}

void pare_relu_backward(const float *y, size_t count, float *dY) {
  for (size_t i = 0; i < count; i++) dY[i] = y[i] > 0 ? dY[i] : 0;
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
