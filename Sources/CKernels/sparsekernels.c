// The product with a sparse weight: rows of x lie side by side in vector lanes, so that each nonzero weight is one
// broadcast, multiplied with contiguous memory and added in registers (Elsen et al., 2019, arXiv:1911.09723, whose
// pixels are our tokens). A tile of 64 rows of x is transposed, a panel of outputs computed, and transposed back.
//
// Not target_clones: how many accumulators fit the registers depends on the level, and vectors of 512 bits must be
// asked for.
#include "sparse.h"

typedef float lanes __attribute__((vector_size(64)));                // PARE_UNIT rows
typedef float eight __attribute__((vector_size(32), aligned(4)));

#define UNROLL _Pragma("clang loop unroll(full)")

/// out [outputs of the panel, 16 · units] from x [inputs, 16 · units]: 4 outputs share what they load of x.
PARE_INLINE void panel_of_groups(
  const pare_sparse *weight, int panel, const lanes *x, const float *bias, lanes *out, const int units) {
  int first = panel * PARE_PANEL, outputs = pare_panel_outputs(weight, panel);
  for (int output = 0; output < outputs; output += PARE_GROUP, out += PARE_GROUP * units) {
    int group = (first + output) / PARE_GROUP;
    lanes sums[PARE_GROUP][4];
    UNROLL for (int k = 0; k < PARE_GROUP; k++) {
      float start = bias && output + k < outputs ? bias[first + output + k] : 0;
      UNROLL for (int u = 0; u < units; u++) sums[k][u] = (lanes){} + start;
    }
    size_t end = weight->starts[group + 1];
    for (size_t entry = weight->starts[group]; entry < end; entry++) {
      const lanes *input = x + (size_t)weight->columns[entry] * units;
      const float *values = weight->values + PARE_GROUP * entry;
      UNROLL for (int u = 0; u < units; u++)
        UNROLL for (int k = 0; k < PARE_GROUP; k++) sums[k][u] += values[k] * input[u];
    }
    UNROLL for (int k = 0; k < PARE_GROUP; k++)
      UNROLL for (int u = 0; u < units; u++) out[k * units + u] = sums[k][u];
  }
}

/// The same, output by output; all outputs of the panel take what they need from one chunk of x before the next.
PARE_INLINE void panel_of_rows(
  const pare_sparse *weight, int panel, const lanes *x, const float *bias, lanes *out, const int units) {
  int outputs = pare_panel_outputs(weight, panel);
  for (int output = 0; output < outputs; output++)
    UNROLL for (int u = 0; u < units; u++)
      out[output * units + u] = (lanes){} + (bias ? bias[panel * PARE_PANEL + output] : 0);
  const float *values = weight->values + weight->starts[panel];
  const uint8_t *columns = weight->chunk_columns + weight->starts[panel];
  const uint32_t *starts = weight->chunk_starts + (size_t)panel * weight->chunks;
  for (int chunk = 0; chunk < weight->chunks; chunk++, x += PARE_CHUNK * units)
    for (uint32_t s = starts[chunk]; s < starts[chunk + 1]; s++) {
      pare_segment segment = weight->segments[s];
      lanes sums[4], *target = out + segment.output * units;
      UNROLL for (int u = 0; u < units; u++) sums[u] = target[u];
      for (int i = 0; i < segment.count; i++) {
        const lanes *input = x + columns[i] * units;
        UNROLL for (int u = 0; u < units; u++) sums[u] += values[i] * input[u];
      }
      UNROLL for (int u = 0; u < units; u++) target[u] = sums[u];
      values += segment.count;
      columns += segment.count;
    }
}

PARE_INLINE void panel_product(
  const pare_sparse *weight, int panel, const lanes *x, const float *bias, lanes *out, const int units) {
  switch (weight->layout) {
    case PARE_SPARSE_GROUPS: panel_of_groups(weight, panel, x, bias, out, units); break;
    case PARE_SPARSE_ROWS: panel_of_rows(weight, panel, x, bias, out, units); break;
  }
}

#define SHUFFLED __builtin_shufflevector

/// to[j][i] = from[i][j], 8 × 8.
PARE_INLINE void transpose(const float *const from[8], float *const to[8]) {
  eight a[8], b[8];
  UNROLL for (int i = 0; i < 8; i++) a[i] = *(const eight *)from[i];
  UNROLL for (int i = 0; i < 8; i += 2) {
    b[i] = SHUFFLED(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    b[i + 1] = SHUFFLED(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  UNROLL for (int i = 0; i < 8; i += 4)
    UNROLL for (int half = 0; half < 2; half++) {
      a[i + 2 * half] = SHUFFLED(b[i + half], b[i + half + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      a[i + 2 * half + 1] = SHUFFLED(b[i + half], b[i + half + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  UNROLL for (int i = 0; i < 4; i++) {
    *(eight *)to[i] = SHUFFLED(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    *(eight *)to[i + 4] = SHUFFLED(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

/// to [inputs, stride], the first 16 lanes = the rows of x [rows, inputs]; the last row also fills the lanes beyond it.
PARE_INLINE void unit_of_rows(const float *x, int rows, int inputs, float *to, int stride) {
  const float *row[PARE_UNIT];
  for (int r = 0; r < PARE_UNIT; r++) row[r] = x + (size_t)(r < rows ? r : rows - 1) * inputs;
  int j = 0;
  for (; j + 8 <= inputs; j += 8)
    UNROLL for (int half = 0; half < PARE_UNIT; half += 8) {
      const float *from[8];
      float *target[8];
      UNROLL for (int i = 0; i < 8; i++) from[i] = row[half + i] + j;
      UNROLL for (int i = 0; i < 8; i++) target[i] = to + (size_t)(j + i) * stride + half;
      transpose(from, target);
    }
  for (; j < inputs; j++)
    for (int r = 0; r < PARE_UNIT; r++) to[(size_t)j * stride + r] = row[r][j];
}

/// The way back: y [rows, outputs of the panel], whose rows lie `outputs` apart, = 16 lanes of `from` [width, stride].
PARE_INLINE void rows_of_unit(const float *from, int stride, int rows, int width, float *y, int outputs) {
  float beyond[8];
  int j = 0;
  for (; j + 8 <= width; j += 8)
    UNROLL for (int half = 0; half < PARE_UNIT; half += 8) {
      if (half >= rows) continue;
      const float *source[8];
      float *to[8];
      UNROLL for (int i = 0; i < 8; i++) source[i] = from + (j + i) * stride + half;
      UNROLL for (int i = 0; i < 8; i++) to[i] = half + i < rows ? y + (size_t)(half + i) * outputs + j : beyond;
      transpose(source, to);
    }
  for (; j < width; j++)
    for (int r = 0; r < rows && r < PARE_UNIT; r++) y[(size_t)r * outputs + j] = from[j * stride + r];
}

/// Units lie side by side in strips of `most`, as many as the accumulators of a layout leave registers for.
PARE_INLINE void piece_body(pare_sparse_run *run, int piece, const int group_units, const int row_units) {
  const pare_sparse *weight = run->weight;
  int most = weight->layout == PARE_SPARSE_GROUPS ? group_units : row_units;
  int tile = piece / run->across, first = tile * PARE_PIECE_ROWS, rows = pare_piece_end(tile, run->rows) - first;
  int units = (rows + PARE_UNIT - 1) / PARE_UNIT, inputs = weight->inputs, outputs = weight->outputs;
  size_t unit_floats = (size_t)inputs * PARE_UNIT, x_bytes = units * unit_floats * sizeof(float);
  float *x = pare_allocate(x_bytes + 1);
  if (!x) {
    run->failed = true;
    return;
  }
  for (int unit = 0; unit < units; unit++) {
    int strip = unit / most * most, strip_units = units - strip < most ? units - strip : most;
    int row = unit * PARE_UNIT;
    unit_of_rows(run->x + (size_t)(first + row) * inputs, rows - row, inputs,
      x + strip * unit_floats + (unit - strip) * PARE_UNIT, strip_units * PARE_UNIT);
  }
  lanes out[PARE_PANEL * 4];
  int panel = run->across == 1 ? 0 : piece % run->across, end = run->across == 1 ? weight->panels : panel + 1;
  for (; panel < end; panel++)
    for (int strip = 0; strip < units; strip += most) {
      int count = units - strip < most ? units - strip : most;
      const lanes *input = (const lanes *)(x + strip * unit_floats);
      switch (count) {
        case 1: panel_product(weight, panel, input, run->bias, out, 1); break;
        case 2: if (most >= 2) panel_product(weight, panel, input, run->bias, out, 2); break;
        case 3: if (most >= 3) panel_product(weight, panel, input, run->bias, out, 3); break;
        case 4: if (most >= 4) panel_product(weight, panel, input, run->bias, out, 4); break;
      }
      for (int unit = strip; unit < strip + count; unit++) {
        int row = unit * PARE_UNIT;
        rows_of_unit((const float *)out + (unit - strip) * PARE_UNIT, count * PARE_UNIT, rows - row,
          pare_panel_outputs(weight, panel),
          run->y + (size_t)(first + row) * outputs + panel * PARE_PANEL, outputs);
      }
    }
  pare_release(x, x_bytes + 1);
}

// Strips of 16 accumulators at the most, or of 8 where there are 16 registers.
static void piece_base(pare_sparse_run *run, int piece) { piece_body(run, piece, 1, 2); }

#if defined(__x86_64__)
__attribute__((target("arch=x86-64-v3"))) static void piece_v3(pare_sparse_run *run, int piece) {
  piece_body(run, piece, 1, 4);
}
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void piece_v4(
  pare_sparse_run *run, int piece) {
  piece_body(run, piece, 4, 4);
}

pare_level pare_best_level(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return PARE_LEVEL_V4;
  return __builtin_cpu_supports("x86-64-v3") ? PARE_LEVEL_V3 : PARE_LEVEL_BASE;
}

void pare_sparse_piece(pare_sparse_run *run, int piece) {
  switch (run->weight->level) {
    case PARE_LEVEL_BASE: piece_base(run, piece); break;
    case PARE_LEVEL_V3: piece_v3(run, piece); break;
    case PARE_LEVEL_V4: piece_v4(run, piece); break;
  }
}
#else
pare_level pare_best_level(void) { return PARE_LEVEL_BASE; }
void pare_sparse_piece(pare_sparse_run *run, int piece) { piece_base(run, piece); }
#endif
