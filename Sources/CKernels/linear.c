// The three products of a linear layer with a plain weight [outputs, inputs]: training, where weights change at every
// step and packing them would cost more than it saves. Each is cut into tiles that follow from the shapes alone.
#include <oneapi/dnnl/dnnl.h>

#include "clones.h"
#include "device.h"

typedef struct {
  const float *a, *b;
  float *c;
  const float *bias;
  float *bias_gradient;
  bool accumulate;
  int rows, inputs, outputs, tile_rows, tile_columns, column_tiles;
  _Atomic bool failed;
} tiles;

enum { TILE_ROWS = 512 };

/// An even number of tiles of about 192 columns.
static int tile_width(int columns) {
  int count = 2 * ((columns + 192) / 384);
  if (count == 0) count = columns >= 64 ? 2 : 1;
  return ((columns + count - 1) / count + 15) / 16 * 16;
}

static void cut(tiles *t, int rows, int columns) {
  t->tile_rows = rows < TILE_ROWS ? rows : TILE_ROWS;
  t->tile_columns = tile_width(columns);
  t->column_tiles = (columns + t->tile_columns - 1) / t->tile_columns;
}

static int row_tiles(const tiles *t, int rows) { return (rows + t->tile_rows - 1) / t->tile_rows; }

/// Bounds of tile `piece` over `rows` × `columns`.
static void bounds(
  const tiles *t, int piece, int rows, int columns, int *row, int *row_count, int *column, int *column_count) {
  *row = piece / t->column_tiles * t->tile_rows;
  *column = piece % t->column_tiles * t->tile_columns;
  *row_count = rows - *row < t->tile_rows ? rows - *row : t->tile_rows;
  *column_count = columns - *column < t->tile_columns ? columns - *column : t->tile_columns;
}

static void forward_piece(void *context, int piece) {
  tiles *t = context;
  int row, rows, column, columns;
  bounds(t, piece, t->rows, t->outputs, &row, &rows, &column, &columns);
  float *y = t->c + (size_t)row * t->outputs + column;
  for (int r = 0; r < rows; r++) {
    if (t->bias) memcpy(y + (size_t)r * t->outputs, t->bias + column, (size_t)columns * sizeof(float));
    else memset(y + (size_t)r * t->outputs, 0, (size_t)columns * sizeof(float));
  }
  if (t->inputs == 0) return;
  const float *x = t->a + (size_t)row * t->inputs, *weight = t->b + (size_t)column * t->inputs;
  if (dnnl_sgemm('N', 'T', rows, columns, t->inputs, 1, x, t->inputs, weight, t->inputs, 1, y, t->outputs)
    != dnnl_success)
    t->failed = true;
}

bool pare_linear_forward(pare_device *device, const float *x, int rows, int inputs, const float *weight, int outputs,
  const float *bias, float *y) {
  if (rows == 0 || outputs == 0) return true;
  tiles t = {.a = x, .b = weight, .c = y, .bias = bias, .rows = rows, .inputs = inputs, .outputs = outputs};
  cut(&t, rows, outputs);
  pare_run(device, row_tiles(&t, rows) * t.column_tiles, forward_piece, &t);
  return !t.failed;
}

static void input_gradient_piece(void *context, int piece) {
  tiles *t = context;
  int row, rows, column, columns;
  bounds(t, piece, t->rows, t->inputs, &row, &rows, &column, &columns);
  const float *dY = t->a + (size_t)row * t->outputs, *weight = t->b + column;
  float *dX = t->c + (size_t)row * t->inputs + column;
  if (t->outputs == 0) {
    for (int r = 0; r < rows && !t->accumulate; r++) memset(dX + (size_t)r * t->inputs, 0, (size_t)columns * sizeof(float));
    return;
  }
  if (dnnl_sgemm('N', 'N', rows, columns, t->outputs, 1, dY, t->outputs, weight, t->inputs,
        t->accumulate ? 1 : 0, dX, t->inputs) != dnnl_success)
    t->failed = true;
}

bool pare_linear_input_gradient(pare_device *device, const float *dY, int rows, int outputs, const float *weight,
  int inputs, bool accumulate, float *dX) {
  if (rows == 0 || inputs == 0) return true;
  tiles t = {.a = dY, .b = weight, .c = dX, .accumulate = accumulate, .rows = rows, .inputs = inputs,
    .outputs = outputs};
  cut(&t, rows, inputs);
  pare_run(device, row_tiles(&t, rows) * t.column_tiles, input_gradient_piece, &t);
  return !t.failed;
}

PARE_CLONES
static void add_column_sums(const float *dY, int rows, int stride, int columns, float *sums) {
  for (int r = 0; r < rows; r++) {
    const float *row = dY + (size_t)r * stride;
    for (int c = 0; c < columns; c++) sums[c] += row[c];
  }
}

static void parameter_gradient_piece(void *context, int piece) {
  tiles *t = context;
  int first = piece * t->tile_columns;
  int columns = t->outputs - first < t->tile_columns ? t->outputs - first : t->tile_columns;
  if (t->bias_gradient) add_column_sums(t->a + first, t->rows, t->outputs, columns, t->bias_gradient + first);
  if (t->inputs == 0) return;
  float *dWeight = t->c + (size_t)first * t->inputs;
  if (dnnl_sgemm('T', 'N', columns, t->inputs, t->rows, 1, t->a + first, t->outputs, t->b, t->inputs, 1, dWeight,
        t->inputs) != dnnl_success)
    t->failed = true;
}

bool pare_linear_parameter_gradient(pare_device *device, const float *dY, int rows, int outputs, const float *x,
  int inputs, float *dWeight, float *dBias) {
  if (rows == 0 || outputs == 0) return true;
  tiles t = {.a = dY, .b = x, .c = dWeight, .bias_gradient = dBias, .rows = rows, .inputs = inputs, .outputs = outputs};
  cut(&t, rows, outputs);
  pare_run(device, t.column_tiles, parameter_gradient_piece, &t);
  return !t.failed;
}
