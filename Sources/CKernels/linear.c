// The products of a linear layer with a plain weight [outputs, inputs]: training, where weights change at every step
// and packing them would cost more than it saves. Each is cut into tiles that follow from the shapes alone.
#include "linear.h"

#include <oneapi/dnnl/dnnl.h>

typedef struct {
  const float *a, *b, *bias;
  float *c, *bias_gradient;
  bool accumulate;
  int rows, inputs, outputs;
  pare_tiles tiles;
  _Atomic bool failed;
} linear_run;

static void forward_piece(void *context, int piece) {
  linear_run *run = context;
  pare_tile tile = pare_tile_at(&run->tiles, piece, run->rows, run->outputs);
  size_t row_bytes = (size_t)tile.columns * sizeof(float);
  float *y = run->c + (size_t)tile.row * run->outputs + tile.column;
  for (int r = 0; r < tile.rows; r++) {
    if (run->bias) memcpy(y + (size_t)r * run->outputs, run->bias + tile.column, row_bytes);
    else memset(y + (size_t)r * run->outputs, 0, row_bytes);
  }
  if (run->inputs == 0) return;
  const float *x = run->a + (size_t)tile.row * run->inputs, *weight = run->b + (size_t)tile.column * run->inputs;
  if (dnnl_sgemm('N', 'T', tile.rows, tile.columns, run->inputs, 1, x, run->inputs, weight, run->inputs, 1, y,
        run->outputs) != dnnl_success)
    run->failed = true;
}

bool pare_linear_forward(pare_device *device, const float *x, int rows, int inputs,
  const float *weight, int outputs, const float *bias, float *y) {
  if (rows == 0 || outputs == 0) return true;
  linear_run run = {.a = x, .b = weight, .bias = bias, .c = y, .rows = rows, .inputs = inputs, .outputs = outputs,
    .tiles = pare_tiles_of(rows, outputs)};
  pare_run(device, pare_tile_count(&run.tiles, rows), forward_piece, &run);
  return !run.failed;
}

static void input_gradient_piece(void *context, int piece) {
  linear_run *run = context;
  pare_tile tile = pare_tile_at(&run->tiles, piece, run->rows, run->inputs);
  const float *dY = run->a + (size_t)tile.row * run->outputs, *weight = run->b + tile.column;
  float *dX = run->c + (size_t)tile.row * run->inputs + tile.column;
  if (run->outputs == 0) {
    for (int r = 0; r < tile.rows && !run->accumulate; r++)
      memset(dX + (size_t)r * run->inputs, 0, (size_t)tile.columns * sizeof(float));
    return;
  }
  if (dnnl_sgemm('N', 'N', tile.rows, tile.columns, run->outputs, 1, dY, run->outputs, weight, run->inputs,
        run->accumulate ? 1 : 0, dX, run->inputs) != dnnl_success)
    run->failed = true;
}

PARE_CLONES
static void add_column_sums(const float *dY, int rows, int stride, int columns, float *sums) {
  for (int r = 0; r < rows; r++) {
    const float *row = dY + (size_t)r * stride;
    for (int c = 0; c < columns; c++) sums[c] += row[c];
  }
}

static void parameter_gradient_piece(void *context, int piece) {
  linear_run *run = context;
  pare_tile tile = pare_tile_at(&run->tiles, piece, run->outputs, run->inputs);
  const float *dY = run->a + tile.row;
  add_column_sums(dY, run->rows, run->outputs, tile.rows, run->bias_gradient + tile.row);
  if (run->inputs == 0) return;
  float *dWeight = run->c + (size_t)tile.row * run->inputs;
  if (dnnl_sgemm('T', 'N', tile.rows, run->inputs, run->rows, 1, dY, run->outputs, run->b, run->inputs, 1, dWeight,
        run->inputs) != dnnl_success)
    run->failed = true;
}

bool pare_linear_backward(pare_device *device, const float *dY, int rows, int outputs,
  const float *x, int inputs, const float *weight, bool accumulate, float *dX, float *dWeight, float *dBias) {
  if (rows == 0) return true;
  linear_run run = {.a = dY, .b = weight, .c = dX, .accumulate = accumulate, .rows = rows, .inputs = inputs,
    .outputs = outputs};
  if (inputs > 0) {
    run.tiles = pare_tiles_of(rows, inputs);
    pare_run(device, pare_tile_count(&run.tiles, rows), input_gradient_piece, &run);
  }
  return !run.failed && pare_add_products(device, dY, rows, outputs, x, inputs, dWeight, dBias);
}

bool pare_add_products(pare_device *device, const float *a, int rows, int a_columns, const float *b, int b_columns,
  float *products, float *column_sums) {
  if (rows == 0 || a_columns == 0) return true;
  linear_run run = {.a = a, .b = b, .c = products, .bias_gradient = column_sums, .rows = rows, .inputs = b_columns,
    .outputs = a_columns};
  run.tiles = (pare_tiles){pare_tile_width(a_columns), b_columns, 1};
  pare_run(device, pare_tile_count(&run.tiles, a_columns), parameter_gradient_piece, &run);
  return !run.failed;
}
