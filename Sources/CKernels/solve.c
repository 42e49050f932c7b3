// Symmetric positive definite systems: Cholesky's factorization, in blocks, and the two triangular solves. In double
// precision, since sums of squares of activations are badly conditioned.
#include <math.h>

#include "clones.h"
#include "device.h"

enum { BLOCK = 64, LANES = 16 };

typedef struct {
  double *factor;  // [size, size]: the lower triangle
  double *panel;   // [BLOCK, size]: the columns of a block, transposed
  int size, first, end;
  const float *b;
  float *x;
  int rows;
  _Atomic bool failed;
} system_run;

static bool factor_block(double *a, int size, int first, int end) {
  for (int j = first; j < end; j++) {
    double *row = a + (size_t)j * size;
    double diagonal = row[j];
    for (int k = first; k < j; k++) diagonal -= row[k] * row[k];
    if (!(diagonal > 0)) return false;
    diagonal = sqrt(diagonal);
    row[j] = diagonal;
    for (int i = j + 1; i < end; i++) {
      double *other = a + (size_t)i * size, sum = other[j];
      for (int k = first; k < j; k++) sum -= other[k] * row[k];
      other[j] = sum / diagonal;
    }
  }
  return true;
}

/// The block's columns of the rows below it: each row by itself.
static void panel_piece(void *context, int piece) {
  const system_run *s = context;
  int start = s->end + piece * BLOCK, stop = start + BLOCK < s->size ? start + BLOCK : s->size;
  for (int i = start; i < stop; i++) {
    double *row = s->factor + (size_t)i * s->size;
    for (int j = s->first; j < s->end; j++) {
      const double *other = s->factor + (size_t)j * s->size;
      double sum = row[j];
      for (int k = s->first; k < j; k++) sum -= row[k] * other[k];
      row[j] = sum / other[j];
      s->panel[(size_t)(j - s->first) * s->size + i] = row[j];
    }
  }
}

/// What the block takes from the columns right of it, up to the diagonal.
PARE_CLONES
static void trailing_piece(void *context, int piece) {
  const system_run *s = context;
  int start = s->end + piece * BLOCK, stop = start + BLOCK < s->size ? start + BLOCK : s->size;
  for (int i = start; i < stop; i++) {
    double *row = s->factor + (size_t)i * s->size;
    for (int k = 0; k < s->end - s->first; k += 4) {
      const double *a = s->panel + (size_t)k * s->size;
      const double *b = a + s->size, *c = b + s->size, *d = c + s->size;
      double fa = row[s->first + k], fb = row[s->first + k + 1], fc = row[s->first + k + 2], fd = row[s->first + k + 3];
      PARE_INDEPENDENT
      for (int j = s->end; j <= i; j++) row[j] -= fa * a[j] + fb * b[j] + fc * c[j] + fd * d[j];
    }
  }
}

/// LANES right sides at a time: L y = b, then Lᵀ x = y.
PARE_CLONES
static void solve_piece(void *context, int piece) {
  system_run *s = context;
  int size = s->size, first = piece * LANES, lanes = s->rows - first < LANES ? s->rows - first : LANES;
  size_t bytes = (size_t)size * LANES * sizeof(double);
  double(*x)[LANES] = pare_allocate(bytes);
  if (!x) {
    s->failed = true;
    return;
  }
  for (int i = 0; i < size; i++)
    for (int lane = 0; lane < LANES; lane++)
      x[i][lane] = lane < lanes ? s->b[(size_t)(first + lane) * size + i] : 0;
  for (int i = 0; i < size; i++) {
    const double *row = s->factor + (size_t)i * size;
    double sum[LANES];
    memcpy(sum, x[i], sizeof sum);
    for (int k = 0; k < i; k++)
      for (int lane = 0; lane < LANES; lane++) sum[lane] -= row[k] * x[k][lane];
    for (int lane = 0; lane < LANES; lane++) x[i][lane] = sum[lane] / row[i];
  }
  for (int i = size - 1; i >= 0; i--) {
    const double *row = s->factor + (size_t)i * size;
    double value[LANES];
    for (int lane = 0; lane < LANES; lane++) value[lane] = x[i][lane] / row[i];
    memcpy(x[i], value, sizeof value);
    for (int k = 0; k < i; k++)
      for (int lane = 0; lane < LANES; lane++) x[k][lane] -= row[k] * value[lane];
  }
  for (int lane = 0; lane < lanes; lane++)
    for (int i = 0; i < size; i++) s->x[(size_t)(first + lane) * size + i] = (float)x[i][lane];
  pare_release(x, bytes);
}

/// Cholesky's factorization of s->factor, in its place; false where that is not positive definite.
static bool factorize(pare_device *device, system_run *s) {
  for (s->first = 0; s->first < s->size; s->first = s->end) {
    s->end = s->first + BLOCK < s->size ? s->first + BLOCK : s->size;
    if (!factor_block(s->factor, s->size, s->first, s->end)) return false;
    int pieces = (s->size - s->end + BLOCK - 1) / BLOCK;
    if (pieces == 0) continue;
    pare_run(device, pieces, panel_piece, s);
    pare_run(device, pieces, trailing_piece, s);
  }
  return true;
}

/// Sizes that are no multiple of BLOCK end with rows of the unit matrix: the kernels then know no remainder.
int pare_solve(pare_device *device, const double *matrix, int size, const float *b, int rows, float *x) {
  if (size == 0 || rows == 0) return 0;
  int padded = (size + 3) / 4 * 4;
  size_t factor_bytes = (size_t)padded * padded * sizeof(double), panel_bytes = (size_t)BLOCK * padded * sizeof(double);
  size_t side_bytes = (size_t)rows * padded * sizeof(float);
  double *factor = pare_allocate(factor_bytes), *panel = pare_allocate(panel_bytes);
  float *side = pare_allocate(side_bytes);
  int result = factor && panel && side ? 0 : 1;
  system_run s = {.factor = factor, .panel = panel, .size = padded, .b = side, .x = side, .rows = rows};
  if (result == 0) {
    memset(factor, 0, factor_bytes);
    memset(side, 0, side_bytes);
    for (int i = 0; i < size; i++)
      memcpy(factor + (size_t)i * padded, matrix + (size_t)i * size, (size_t)(i + 1) * sizeof(double));
    for (int i = size; i < padded; i++) factor[(size_t)i * padded + i] = 1;
    for (int r = 0; r < rows; r++) memcpy(side + (size_t)r * padded, b + (size_t)r * size, (size_t)size * sizeof(float));
  }
  if (result == 0 && !factorize(device, &s)) result = 2;
  if (result == 0) {
    pare_run(device, (rows + LANES - 1) / LANES, solve_piece, &s);
    if (s.failed) result = 1;
    for (int r = 0; r < rows && result == 0; r++)
      memcpy(x + (size_t)r * size, side + (size_t)r * padded, (size_t)size * sizeof(float));
  }
  if (factor) pare_release(factor, factor_bytes);
  if (panel) pare_release(panel, panel_bytes);
  if (side) pare_release(side, side_bytes);
  return result;
}

/// LANES columns of the inverse of the lower triangle, written backwards into an upper one of `rows`².
PARE_CLONES
static void inverse_piece(void *context, int piece) {
  system_run *s = context;
  int size = s->size, first = piece * LANES;
  size_t bytes = (size_t)size * LANES * sizeof(double);
  double(*x)[LANES] = pare_allocate(bytes);
  if (!x) {
    s->failed = true;
    return;
  }
  for (int i = first; i < size; i++) {
    const double *row = s->factor + (size_t)i * size;
    double sum[LANES];
    for (int lane = 0; lane < LANES; lane++) sum[lane] = i == first + lane;
    for (int k = first; k < i; k++)
      for (int lane = 0; lane < LANES; lane++) sum[lane] -= row[k] * x[k][lane];
    for (int lane = 0; lane < LANES; lane++) x[i][lane] = sum[lane] / row[i];
  }
  int last = s->rows - 1;
  for (int i = first; i <= last; i++)
    for (int lane = 0; lane < LANES && first + lane <= i; lane++)
      s->x[(size_t)(last - i) * s->rows + (last - first - lane)] = (float)x[i][lane];
  pare_release(x, bytes);
}

/// With J for the reversal of order and J · matrix · J = L · Lᵀ, U = J · L⁻¹ · J.
int pare_inverse_factor(pare_device *device, const double *matrix, int size, float *u) {
  if (size == 0) return 0;
  int padded = (size + 3) / 4 * 4;
  size_t factor_bytes = (size_t)padded * padded * sizeof(double), panel_bytes = (size_t)BLOCK * padded * sizeof(double);
  double *factor = pare_allocate(factor_bytes), *panel = pare_allocate(panel_bytes);
  int result = factor && panel ? 0 : 1;
  system_run s = {.factor = factor, .panel = panel, .size = padded, .x = u, .rows = size};
  if (result == 0) {
    memset(factor, 0, factor_bytes);
    memset(u, 0, (size_t)size * size * sizeof(float));
    for (int i = 0; i < size; i++)
      for (int j = 0; j <= i; j++)
        factor[(size_t)i * padded + j] = matrix[(size_t)(size - 1 - i) * size + (size - 1 - j)];
    for (int i = size; i < padded; i++) factor[(size_t)i * padded + i] = 1;
    if (!factorize(device, &s)) result = 2;
  }
  if (result == 0) {
    pare_run(device, (size + LANES - 1) / LANES, inverse_piece, &s);
    if (s.failed) result = 1;
  }
  if (factor) pare_release(factor, factor_bytes);
  if (panel) pare_release(panel, panel_bytes);
  return result;
}

enum { ELIMINATED_ROWS = 16 };

typedef struct {
  const float *u;
  const uint8_t *keep;
  int rows, width, first, end;
  float *weights;
} elimination;

PARE_CLONES
static void eliminate_piece(void *context, int piece) {
  const elimination *e = context;
  int stop = (piece + 1) * ELIMINATED_ROWS < e->rows ? (piece + 1) * ELIMINATED_ROWS : e->rows;
  for (int row = piece * ELIMINATED_ROWS; row < stop; row++) {
    float *w = e->weights + (size_t)row * e->width;
    const uint8_t *keep = e->keep + (size_t)row * (e->end - e->first);
    for (int j = e->first; j < e->end; j++) {
      if (keep[j - e->first]) continue;
      const float *u = e->u + (size_t)j * e->width;
      float error = w[j] / u[j];
      w[j] = 0;
      PARE_INDEPENDENT
      for (int k = j + 1; k < e->width; k++) w[k] -= error * u[k];
    }
  }
}

void pare_eliminate_columns(pare_device *device, const float *u, const uint8_t *keep, int rows, int width, int first,
  int end, float *weights) {
  elimination e = {u, keep, rows, width, first, end, weights};
  pare_run(device, (rows + ELIMINATED_ROWS - 1) / ELIMINATED_ROWS, eliminate_piece, &e);
}
