// Gates of units: groups of neighbouring columns that are scaled together, and the gradients of their gates.
#include "clones.h"
#include "device.h"

typedef struct {
  const float *a, *b, *gates;
  const int32_t *offsets;
  float *out;
  int rows, groups, size;
} gates_run;

static void scale_piece(void *context, int piece) {
  const gates_run *g = context;
  int end = pare_piece_end(piece, g->rows);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++)
    for (int group = 0; group < g->groups; group++) {
      float *x = g->out + ((size_t)r * g->groups + group) * g->size;
      for (int i = 0; i < g->size; i++) x[i] *= g->gates[group];
    }
}

void pare_scale_groups(pare_device *device, float *x, int rows, int groups, int group_size, const float *gates) {
  gates_run g = {.gates = gates, .out = x, .rows = rows, .groups = groups, .size = group_size};
  pare_run(device, pare_pieces(rows), scale_piece, &g);
}

/// Σ over a sequence's rows for single columns: row by row, so that neighbouring columns go together.
PARE_CLONES
static void column_products(const float *a, const float *b, int rows, int columns, float *sums) {
  memset(sums, 0, (size_t)columns * sizeof(float));
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) sums[c] += a[(size_t)r * columns + c] * b[(size_t)r * columns + c];
}

static void products_piece(void *context, int sequence) {
  const gates_run *g = context;
  int first = g->offsets[sequence], rows = g->offsets[sequence + 1] - first;
  size_t width = (size_t)g->groups * g->size;
  const float *a = g->a + first * width, *b = g->b + first * width;
  float *products = g->out + (size_t)sequence * g->groups;
  if (g->size == 1) {
    column_products(a, b, rows, g->groups, products);
    return;
  }
  for (int group = 0; group < g->groups; group++) {
    double sum = 0;
    for (int r = 0; r < rows; r++) {
      size_t start = r * width + (size_t)group * g->size;
      for (int i = 0; i < g->size; i++) sum += (double)a[start + i] * b[start + i];
    }
    products[group] = (float)sum;
  }
}

void pare_group_products(pare_device *device, const float *a, const float *b, const int32_t *offsets, int sequences,
  int groups, int group_size, float *products) {
  gates_run g = {.a = a, .b = b, .offsets = offsets, .out = products, .groups = groups, .size = group_size};
  pare_run(device, sequences, products_piece, &g);
}
