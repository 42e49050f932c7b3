// The products of a linear layer with operands in bfloat16 and sums in 32 bits (Kalamkar et al., 2019,
// arXiv:1905.12322): training on machines that multiply bfloat16 faster. Everything outside of the products stays in
// 32 bits, the weights too. Tiles follow from the shapes alone.
#include <stdlib.h>

#include "engine.h"
#include "linear.h"

struct pare_narrow {
  uint16_t *memory;  // rows of zeros up to a multiple of ROW_STEP: batches of any length share few primitives
  int rows, columns;
  size_t bytes;
};

enum { ROW_STEP = 16, TILE_TOKENS = 1024, TILE_COLUMNS = 384 };

/// An even number of tiles one below the other, each of a multiple of ROW_STEP rows, and of about 384 columns: wider
/// than in 32 bits, since narrow operands take half the cache. Measured 2 % faster than tiles of 512 × 192.
static pare_tiles tiles_of(int rows, int columns) {
  int down = rows < 4 * ROW_STEP ? 1 : 2 * ((rows + 511) / 512), across = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  int height = (rows + down - 1) / down, width = (columns + across - 1) / across;
  return (pare_tiles){
    (height + ROW_STEP - 1) / ROW_STEP * ROW_STEP, (width + ROW_STEP - 1) / ROW_STEP * ROW_STEP, across};
}

static int padded(int rows) { return (rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP; }

typedef struct {
  const float *from;
  uint16_t *to;
  float *sums;  // [pieces, columns], or NULL
  int rows, columns;
} narrowing;

PARE_CLONES
static void narrow_piece(void *context, int piece) {
  const narrowing *n = context;
  int columns = n->columns, end = pare_piece_end(piece, n->rows);
  float *sums = n->sums ? n->sums + (size_t)piece * columns : NULL;
  if (sums) memset(sums, 0, (size_t)columns * sizeof(float));
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++) {
    const float *from = n->from + (size_t)r * columns;
    uint16_t *to = n->to + (size_t)r * columns;
    PARE_INDEPENDENT
    for (int i = 0; i < columns; i++) to[i] = pare_bfloat16(from[i]);
    if (!sums) continue;
    PARE_INDEPENDENT
    for (int i = 0; i < columns; i++) sums[i] += from[i];
  }
}

/// `column_sums` [columns], where given, gets the sums of the columns added: the rows are at hand.
static pare_narrow *narrow_create(pare_device *device, const float *from, int rows, int columns, float *column_sums) {
  pare_narrow *matrix = calloc(1, sizeof *matrix);
  if (!matrix) return NULL;
  size_t count = (size_t)rows * columns, whole = (size_t)padded(rows) * columns;
  size_t sums_bytes = (size_t)pare_pieces(rows) * columns * sizeof(float);
  *matrix = (pare_narrow){.rows = rows, .columns = columns, .bytes = whole * sizeof(uint16_t) + 1};
  matrix->memory = pare_allocate(matrix->bytes);
  narrowing n = {.from = from, .to = matrix->memory, .rows = rows, .columns = columns};
  if (column_sums) n.sums = pare_allocate(sums_bytes);
  if (!matrix->memory || (column_sums && !n.sums)) {
    if (n.sums) pare_release(n.sums, sums_bytes);
    pare_narrow_release(matrix);
    return NULL;
  }
  pare_run(device, pare_pieces(rows), narrow_piece, &n);
  memset(matrix->memory + count, 0, (whole - count) * sizeof(uint16_t));
  if (!column_sums) return matrix;
  for (int piece = 0; piece < pare_pieces(rows); piece++)
    for (int i = 0; i < columns; i++) column_sums[i] += n.sums[(size_t)piece * columns + i];
  pare_release(n.sums, sums_bytes);
  return matrix;
}

pare_narrow *pare_narrow_create(pare_device *device, const float *from, int rows, int columns) {
  return narrow_create(device, from, rows, columns, NULL);
}

void pare_narrow_release(pare_narrow *matrix) {
  if (!matrix) return;
  if (matrix->memory) pare_release(matrix->memory, matrix->bytes);
  free(matrix);
}

typedef struct {
  struct pare_engine *engine;
  const pare_narrow *a, *b;  // a: x or dY; b: the weight, or x
  const float *bias;
  float *c;
  product_key key;  // of a tile, but for its sizes
  int rows, columns, tokens;
  pare_tiles tiles;
  _Atomic bool failed;
} narrow_run;

static bool multiply(const narrow_run *run, int rows, int inputs, int outputs, const uint16_t *a, const uint16_t *b,
  const float *bias, float *c, int c_stride) {
  product_key key = run->key;
  key.rows = rows;
  key.inputs = inputs;
  key.outputs = outputs;
  key.target_stride = c_stride;
  const product *p = pare_engine_product(run->engine, &key, NULL);
  return p && pare_product_execute(run->engine, p, a, b, bias, c);
}

/// A tile of x · weightᵀ + bias, or of dY · weight. The last rows, fewer than ROW_STEP, go through a tile of their own.
static void rows_piece(void *context, int piece) {
  narrow_run *run = context;
  pare_tile tile = pare_tile_at(&run->tiles, piece, run->rows, run->columns);
  int depth = run->a->columns, main_rows = tile.rows / ROW_STEP * ROW_STEP, rest = tile.rows - main_rows;
  const uint16_t *a = run->a->memory + (size_t)tile.row * depth;
  const uint16_t *b = run->b->memory + (size_t)tile.column * run->key.weight_strides[1];
  const float *bias = run->bias ? run->bias + tile.column : NULL;
  float *c = run->c + (size_t)tile.row * run->columns + tile.column;
  bool sound = main_rows == 0 || multiply(run, main_rows, depth, tile.columns, a, b, bias, c, run->columns);
  if (rest > 0 && sound) {
    size_t bytes = (size_t)ROW_STEP * tile.columns * sizeof(float), row_bytes = (size_t)tile.columns * sizeof(float);
    float *last = pare_allocate(bytes);
    float *target = c + (size_t)main_rows * run->columns;
    if (last) {
      memset(last, 0, bytes);
      for (int r = 0; r < rest && run->key.adds; r++)
        memcpy(last + (size_t)r * tile.columns, target + (size_t)r * run->columns, row_bytes);
      sound = multiply(
        run, ROW_STEP, depth, tile.columns, a + (size_t)main_rows * depth, b, bias, last, tile.columns);
      for (int r = 0; r < rest; r++)
        memcpy(target + (size_t)r * run->columns, last + (size_t)r * tile.columns, row_bytes);
      pare_release(last, bytes);
    } else {
      sound = false;
    }
  }
  if (!sound) run->failed = true;
}

/// A tile of dWeight += dYᵀ · x, tokens in pieces of TILE_TOKENS.
static void weight_piece(void *context, int piece) {
  narrow_run *run = context;
  pare_tile tile = pare_tile_at(&run->tiles, piece, run->rows, run->columns);
  int tokens = padded(run->tokens);
  float *c = run->c + (size_t)tile.row * run->columns + tile.column;
  for (int token = 0; token < tokens; token += TILE_TOKENS) {
    int depth = tokens - token < TILE_TOKENS ? tokens - token : TILE_TOKENS;
    const uint16_t *a = run->a->memory + (size_t)token * run->a->columns + tile.row;
    const uint16_t *b = run->b->memory + (size_t)token * run->b->columns + tile.column;
    if (!multiply(run, tile.rows, depth, tile.columns, a, b, NULL, c, run->columns)) run->failed = true;
  }
}

/// y [rows, columns] = a · b, of whatever strides `key` gives b, with a bias or added to y.
static bool multiply_rows(pare_device *device, const pare_narrow *a, const pare_narrow *b, product_key key, int columns,
  const float *bias, float *y) {
  narrow_run run = {.engine = pare_device_engine(device), .a = a, .b = b, .bias = bias, .c = y, .key = key,
    .rows = a->rows, .columns = columns, .tiles = tiles_of(a->rows, columns)};
  pare_run(device, pare_tile_count(&run.tiles, a->rows), rows_piece, &run);
  return !run.failed;
}

bool pare_narrow_forward(
  pare_device *device, const pare_narrow *x, const pare_narrow *weight, const float *bias, float *y) {
  int inputs = x->columns, outputs = weight->rows;
  if (x->rows == 0 || outputs == 0) return true;
  if (inputs == 0) return pare_linear_forward(device, NULL, x->rows, 0, NULL, outputs, bias, y);
  product_key key = {
    .element = PARE_BF16, .source_strides = {inputs, 1}, .weight_strides = {1, inputs}, .has_bias = bias != NULL};
  return multiply_rows(device, x, weight, key, outputs, bias, y);
}

bool pare_narrow_backward(pare_device *device, const float *dY, const pare_narrow *x, const pare_narrow *weight,
  bool accumulate, float *dX, float *dWeight, float *dBias) {
  int rows = x->rows, inputs = x->columns, outputs = weight->rows;
  if (rows == 0 || inputs == 0 || outputs == 0)
    return pare_linear_backward(
      device, dY, rows, outputs, NULL, inputs, NULL, accumulate, dX, dWeight, dBias);
  pare_narrow *narrow_dY = narrow_create(device, dY, rows, outputs, dBias);
  if (!narrow_dY) return false;
  product_key input_key = {
    .element = PARE_BF16, .source_strides = {outputs, 1}, .weight_strides = {inputs, 1}, .adds = accumulate};
  bool sound = multiply_rows(device, narrow_dY, weight, input_key, inputs, NULL, dX);
  narrow_run run = {.engine = pare_device_engine(device), .a = narrow_dY, .b = x, .c = dWeight, .rows = outputs,
    .columns = inputs, .tokens = rows};
  run.key = (product_key){
    .element = PARE_BF16, .source_strides = {1, outputs}, .weight_strides = {inputs, 1}, .adds = true};
  run.tiles =
    (pare_tiles){pare_tile_width(outputs), TILE_COLUMNS, (inputs + TILE_COLUMNS - 1) / TILE_COLUMNS};
  if (sound) pare_run(device, pare_tile_count(&run.tiles, outputs), weight_piece, &run);
  pare_narrow_release(narrow_dY);
  return sound && !run.failed;
}
