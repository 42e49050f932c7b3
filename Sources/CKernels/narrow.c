// The products of a linear layer with operands in bfloat16 and sums in 32 bits (Kalamkar et al., 2019,
// arXiv:1905.12322): training on machines that multiply bfloat16 faster. Everything outside of the products stays in
// 32 bits, the weights too; operands are narrowed here, once a call. Tiles follow from the shapes alone.
#include "engine.h"
#include "linear.h"

/// A matrix in bfloat16, with rows of zeros up to a multiple of ROW_STEP: batches of any length share few primitives.
typedef struct {
  uint16_t *memory;
  int rows, columns;
  size_t bytes;
} narrow;

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
static bool narrow_create(
  pare_device *device, const float *from, int rows, int columns, float *column_sums, narrow *matrix) {
  size_t count = (size_t)rows * columns, whole = (size_t)padded(rows) * columns;
  size_t sums_bytes = (size_t)pare_pieces(rows) * columns * sizeof(float);
  *matrix = (narrow){.rows = rows, .columns = columns, .bytes = whole * sizeof(uint16_t) + 1};
  matrix->memory = pare_allocate(matrix->bytes);
  narrowing n = {.from = from, .to = matrix->memory, .rows = rows, .columns = columns};
  if (column_sums) n.sums = pare_allocate(sums_bytes);
  if (!matrix->memory || (column_sums && !n.sums)) {
    if (n.sums) pare_release(n.sums, sums_bytes);
    return false;
  }
  pare_run(device, pare_pieces(rows), narrow_piece, &n);
  memset(matrix->memory + count, 0, (whole - count) * sizeof(uint16_t));
  if (!column_sums) return true;
  for (int piece = 0; piece < pare_pieces(rows); piece++)
    for (int i = 0; i < columns; i++) column_sums[i] += n.sums[(size_t)piece * columns + i];
  pare_release(n.sums, sums_bytes);
  return true;
}

static void narrow_destroy(narrow *matrix) {
  if (matrix->memory) pare_release(matrix->memory, matrix->bytes);
}

typedef struct {
  struct pare_engine *engine;
  narrow a, b;  // a: x or dY; b: the weight, or x
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
  int depth = run->a.columns, main_rows = tile.rows / ROW_STEP * ROW_STEP, rest = tile.rows - main_rows;
  const uint16_t *a = run->a.memory + (size_t)tile.row * depth;
  const uint16_t *b = run->b.memory + (size_t)tile.column * run->key.weight_strides[1];
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
    const uint16_t *a = run->a.memory + (size_t)token * run->a.columns + tile.row;
    const uint16_t *b = run->b.memory + (size_t)token * run->b.columns + tile.column;
    if (!multiply(run, tile.rows, depth, tile.columns, a, b, NULL, c, run->columns)) run->failed = true;
  }
}

bool pare_narrow_forward(pare_device *device, const float *x, int rows, int inputs, const float *weight, int outputs,
  const float *bias, float *y) {
  narrow_run run = {.engine = pare_device_engine(device), .bias = bias, .c = y, .rows = rows, .columns = outputs};
  run.key = (product_key){
    .element = PARE_BF16, .source_strides = {inputs, 1}, .weight_strides = {1, inputs}, .has_bias = bias != NULL};
  bool sound = narrow_create(device, x, rows, inputs, NULL, &run.a)
    && narrow_create(device, weight, outputs, inputs, NULL, &run.b);
  if (sound) {
    run.tiles = tiles_of(rows, outputs);
    pare_run(device, pare_tile_count(&run.tiles, rows), rows_piece, &run);
  }
  narrow_destroy(&run.a);
  narrow_destroy(&run.b);
  return sound && !run.failed;
}

/// dX (+)= dY · weight, from a narrowed dY, which stays the caller's.
static bool input_gradient(pare_device *device, const narrow *dY, const float *weight, int inputs, bool accumulate,
  float *dX) {
  int outputs = dY->columns;
  narrow_run run = {.engine = pare_device_engine(device), .a = *dY, .c = dX, .rows = dY->rows, .columns = inputs};
  run.key = (product_key){
    .element = PARE_BF16, .source_strides = {outputs, 1}, .weight_strides = {inputs, 1}, .adds = accumulate};
  bool sound = narrow_create(device, weight, outputs, inputs, NULL, &run.b);
  if (sound) {
    run.tiles = tiles_of(dY->rows, inputs);
    pare_run(device, pare_tile_count(&run.tiles, dY->rows), rows_piece, &run);
  }
  narrow_destroy(&run.b);
  return sound && !run.failed;
}

bool pare_narrow_backward(pare_device *device, const float *dY, int rows, int outputs, const float *x, int inputs,
  const float *weight, bool accumulate, float *dX, float *dWeight, float *dBias) {
  narrow_run run = {
    .engine = pare_device_engine(device), .c = dWeight, .rows = outputs, .columns = inputs, .tokens = rows};
  run.key = (product_key){
    .element = PARE_BF16, .source_strides = {1, outputs}, .weight_strides = {inputs, 1}, .adds = true};
  bool sound = narrow_create(device, dY, rows, outputs, dBias, &run.a)
    && input_gradient(device, &run.a, weight, inputs, accumulate, dX)
    && narrow_create(device, x, rows, inputs, NULL, &run.b);
  if (sound) {
    run.tiles = (pare_tiles){pare_tile_width(outputs), TILE_COLUMNS, (inputs + TILE_COLUMNS - 1) / TILE_COLUMNS};
    pare_run(device, pare_tile_count(&run.tiles, outputs), weight_piece, &run);
  }
  narrow_destroy(&run.a);
  narrow_destroy(&run.b);
  return sound && !run.failed;
}
