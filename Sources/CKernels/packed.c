// Products with a weight that was packed beforehand: inference. The weight is cut into panels of outputs, so that even
// one short sentence keeps every thread busy, and rows into pieces of 64; neither depends on the number of threads.
#include <stdlib.h>

#include "engine.h"

struct pare_packed {
  int inputs, outputs, panels, panel_outputs;
  size_t panel_bytes;
  char *memory;
  descriptor layouts[2];  // of a full panel, and of the last one where it is narrower
};

static int width_of(const pare_packed *packed, int panel) {
  int first = panel * packed->panel_outputs;
  int left = packed->outputs - first;
  return left < packed->panel_outputs ? left : packed->panel_outputs;
}

static const descriptor *layout_of(const pare_packed *packed, int width) {
  return &packed->layouts[width != packed->panel_outputs];
}

/// An even number of panels of about 192 outputs: two threads share them equally.
static void choose_panels(pare_packed *packed) {
  int panels = packed->outputs < 64 ? 1 : 2 * ((packed->outputs + 192) / 384);
  if (packed->outputs >= 64 && panels == 0) panels = 2;
  int width = (packed->outputs + panels - 1) / panels;
  packed->panel_outputs = (width + 15) / 16 * 16;
  if (packed->panel_outputs > packed->outputs) packed->panel_outputs = packed->outputs;
  packed->panels = (packed->outputs + packed->panel_outputs - 1) / packed->panel_outputs;
}

/// Reorders rows [first, first + width) of `weight` [outputs, inputs] into the panel's layout.
static bool fill_panel(
  dnnl_engine_t engine, pare_packed *packed, int panel, const float *weight, const descriptor *layout) {
  int width = width_of(packed, panel);
  const dnnl_dims_t dims = {packed->inputs, width}, strides = {1, packed->inputs};
  descriptor plain;
  memset(&plain, 0, sizeof plain);
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_memory_t from = NULL, to = NULL;
  dnnl_stream_t stream = NULL;
  void *source = (void *)(weight + (size_t)panel * packed->panel_outputs * packed->inputs);
  bool sound = descriptor_strided(&plain, 2, dims, dnnl_f32, strides) == dnnl_success
    && dnnl_reorder_primitive_desc_create(&description, view(&plain), engine, view(layout), engine, NULL) == dnnl_success
    && dnnl_primitive_create(&reorder, description) == dnnl_success
    && dnnl_memory_create(&from, view(&plain), engine, source) == dnnl_success
    && dnnl_memory_create(&to, view(layout), engine, packed->memory + panel * packed->panel_bytes) == dnnl_success
    && dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success;
  if (sound) {
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    sound = dnnl_primitive_execute(reorder, stream, 2, arguments) == dnnl_success
      && dnnl_stream_wait(stream) == dnnl_success;
  }
  if (stream) dnnl_stream_destroy(stream);
  if (to) dnnl_memory_destroy(to);
  if (from) dnnl_memory_destroy(from);
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  descriptor_destroy(&plain);
  return sound;
}

static product_key key_of(const pare_packed *packed, int rows, int width, bool has_bias) {
  return (product_key){.element = PARE_F32, .rows = rows, .inputs = packed->inputs, .outputs = width,
    .source_strides = {packed->inputs, 1}, .target_stride = packed->outputs, .has_bias = has_bias};
}

pare_packed *pare_pack(pare_device *device, pare_element element, const float *weight, int outputs, int inputs) {
  if (element != PARE_F32) return NULL;
  struct pare_engine *engine = pare_device_engine(device);
  pare_packed *packed = calloc(1, sizeof *packed);
  if (!packed) return NULL;
  packed->inputs = inputs;
  packed->outputs = outputs;
  if (inputs == 0 || outputs == 0) return packed;
  choose_panels(packed);
  bool sound = true;
  for (int last = 0; last < 2 && sound; last++) {
    int width = width_of(packed, last ? packed->panels - 1 : 0);
    if (last && width == packed->panel_outputs) break;
    product_key key = key_of(packed, PARE_PIECE_ROWS, width, true);
    const product *full = pare_engine_product(engine, &key, NULL);
    sound = full && descriptor_copy(&packed->layouts[last], view(&full->weight)) == dnnl_success;
    if (!sound) break;
    size_t bytes = dnnl_memory_desc_get_size(view(&packed->layouts[last]));
    if (bytes > packed->panel_bytes) packed->panel_bytes = (bytes + 63) / 64 * 64;
  }
  pare_thread_state before = pare_enter_products();
  if (sound) packed->memory = pare_allocate(pare_packed_bytes(packed));
  sound = sound && packed->memory;
  for (int panel = 0; panel < packed->panels && sound; panel++)
    sound = fill_panel(
      pare_engine_handle(engine), packed, panel, weight, layout_of(packed, width_of(packed, panel)));
  pare_leave_products(&before);
  if (sound) return packed;
  pare_packed_release(packed);
  return NULL;
}

void pare_packed_release(pare_packed *packed) {
  if (packed->memory) pare_release(packed->memory, pare_packed_bytes(packed));
  descriptor_destroy(&packed->layouts[0]);
  descriptor_destroy(&packed->layouts[1]);
  free(packed);
}

size_t pare_packed_bytes(const pare_packed *packed) { return packed->panels * packed->panel_bytes; }

// Primitives exist for multiples of 4 rows only, so that batches of every length share a few of them: a remainder
// goes through padded copies.
enum { ROW_STEP = 4 };

typedef struct {
  struct pare_engine *engine;
  const pare_packed *packed;
  const float *x, *bias;
  float *y;
  int rows, row_pieces;
  const product *products[2][2];  // [last piece of rows][narrow panel]
  _Atomic bool failed;
} packed_run;

static bool run_padded(const packed_run *run, const product *p, const float *x, int rows, int width,
  const void *weight, const float *bias, float *y) {
  int inputs = run->packed->inputs, padded = p->key.rows, stride = run->packed->outputs;
  size_t x_bytes = (size_t)padded * inputs * sizeof(float), y_bytes = (size_t)padded * stride * sizeof(float);
  float *x_copy = pare_allocate(x_bytes), *y_copy = pare_allocate(y_bytes);
  bool sound = x_copy && y_copy;
  if (sound) {
    memcpy(x_copy, x, (size_t)rows * inputs * sizeof(float));
    memset(x_copy + (size_t)rows * inputs, 0, (size_t)(padded - rows) * inputs * sizeof(float));
    sound = pare_product_execute(run->engine, p, x_copy, weight, bias, y_copy);
    for (int row = 0; row < rows && sound; row++)
      memcpy(y + (size_t)row * stride, y_copy + (size_t)row * stride, (size_t)width * sizeof(float));
  }
  if (x_copy) pare_release(x_copy, x_bytes);
  if (y_copy) pare_release(y_copy, y_bytes);
  return sound;
}

// All pieces of rows for one panel before the next panel: the panel stays in the second-level cache.
static void run_piece(void *context, int piece) {
  packed_run *run = context;
  const pare_packed *packed = run->packed;
  int panel = piece / run->row_pieces, row_piece = piece % run->row_pieces;
  int first = row_piece * PARE_PIECE_ROWS, rows = pare_piece_end(row_piece, run->rows) - first;
  int column = panel * packed->panel_outputs, width = width_of(packed, panel);
  const product *p = run->products[row_piece == run->row_pieces - 1][width != packed->panel_outputs];
  const float *x = run->x + (size_t)first * packed->inputs;
  float *y = run->y + (size_t)first * packed->outputs + column;
  const float *bias = run->bias ? run->bias + column : NULL;
  const void *weight = packed->memory + panel * packed->panel_bytes;
  bool sound = p->key.rows == rows ? pare_product_execute(run->engine, p, x, weight, bias, y)
                                   : run_padded(run, p, x, rows, width, weight, bias, y);
  if (!sound) run->failed = true;
}

bool pare_packed_product(
  pare_device *device, const pare_packed *packed, const float *x, int rows, const float *bias, float *y) {
  if (rows == 0 || packed->outputs == 0) return true;
  if (packed->inputs == 0) return pare_linear_forward(device, x, rows, 0, NULL, packed->outputs, bias, y);
  packed_run run = {.engine = pare_device_engine(device), .packed = packed, .x = x, .bias = bias, .y = y, .rows = rows};
  run.row_pieces = pare_pieces(rows);
  int last_rows = rows - (run.row_pieces - 1) * PARE_PIECE_ROWS;
  for (int narrow = 0; narrow < 2; narrow++) {
    int width = narrow ? width_of(packed, packed->panels - 1) : packed->panel_outputs;
    if (narrow && width == packed->panel_outputs) break;
    for (int last = 0; last < 2; last++) {
      int piece_rows = last ? (last_rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP : PARE_PIECE_ROWS;
      product_key key = key_of(packed, piece_rows, width, bias != NULL);
      run.products[last][narrow] = pare_engine_product(run.engine, &key, layout_of(packed, width));
      if (!run.products[last][narrow]) return false;
    }
  }
  pare_run(device, run.row_pieces * packed->panels, run_piece, &run);
  return !run.failed;
}
