// Weights without most of their zeros: counting these, packing what is left, and the product cut into pieces.
#include "sparse.h"

#include <stdlib.h>

// Four rows at a time: a group has an entry where any of them is not zero.
PARE_CLONES
static void count_group(const float *const rows[PARE_GROUP], int inputs, size_t *values, size_t *entries) {
  int found = 0, columns = 0;
  for (int i = 0; i < inputs; i++) {
    int a = rows[0][i] != 0, b = rows[1][i] != 0, c = rows[2][i] != 0, d = rows[3][i] != 0;
    found += a + b + c + d;
    columns += a | b | c | d;
  }
  *values += found;
  *entries += columns;
}

/// The rows of a group; beyond the last one, a row of zeros.
static void rows_of_group(
  const float *weight, int outputs, int inputs, int group, const float *zeros, const float *rows[PARE_GROUP]) {
  for (int k = 0; k < PARE_GROUP; k++) {
    int output = group * PARE_GROUP + k;
    rows[k] = output < outputs ? weight + (size_t)output * inputs : zeros;
  }
}

static int group_count(int outputs) { return (outputs + PARE_GROUP - 1) / PARE_GROUP; }

bool pare_count_nonzeros(const float *weight, int outputs, int inputs, size_t *values, size_t *entries) {
  *values = *entries = 0;
  float *zeros = calloc((size_t)inputs + 1, sizeof(float));
  if (!zeros) return false;
  for (int group = 0; group < group_count(outputs); group++) {
    const float *rows[PARE_GROUP];
    rows_of_group(weight, outputs, inputs, group, zeros, rows);
    count_group(rows, inputs, values, entries);
  }
  free(zeros);
  return true;
}

static bool pack_groups(pare_sparse *sparse, const float *weight, size_t entries) {
  int groups = group_count(sparse->outputs), inputs = sparse->inputs;
  size_t starts = ((size_t)groups + 1) * sizeof(size_t), values = PARE_GROUP * entries * sizeof(float);
  sparse->bytes = starts + values + entries * sizeof(uint16_t);
  float *zeros = calloc((size_t)inputs + 1, sizeof(float));
  char *memory = zeros ? pare_allocate(sparse->bytes) : NULL;
  if (memory) {
    sparse->starts = (size_t *)memory;
    sparse->values = (float *)(memory + starts);
    sparse->columns = (uint16_t *)(memory + starts + values);
    size_t entry = 0;
    for (int group = 0; group < groups; group++) {
      const float *rows[PARE_GROUP];
      rows_of_group(weight, sparse->outputs, inputs, group, zeros, rows);
      sparse->starts[group] = entry;
      for (int i = 0; i < inputs; i++) {
        if (rows[0][i] == 0 && rows[1][i] == 0 && rows[2][i] == 0 && rows[3][i] == 0) continue;
        for (int k = 0; k < PARE_GROUP; k++) sparse->values[PARE_GROUP * entry + k] = rows[k][i];
        sparse->columns[entry++] = (uint16_t)i;
      }
    }
    sparse->starts[groups] = entry;
  }
  free(zeros);
  return memory != NULL;
}

/// Writes the values, columns and segments of all panels; or only counts segments, where there is no memory yet.
static uint32_t fill_rows(pare_sparse *sparse, const float *weight) {
  size_t value = 0;
  uint32_t segment = 0;
  for (int panel = 0; panel < sparse->panels; panel++) {
    if (sparse->values) sparse->starts[panel] = value;
    for (int chunk = 0; chunk < sparse->chunks; chunk++) {
      if (sparse->values) sparse->chunk_starts[(size_t)panel * sparse->chunks + chunk] = segment;
      int first = chunk * PARE_CHUNK, left = sparse->inputs - first, columns = left < PARE_CHUNK ? left : PARE_CHUNK;
      for (int output = 0; output < pare_panel_outputs(sparse, panel); output++) {
        const float *row = weight + ((size_t)panel * PARE_PANEL + output) * sparse->inputs + first;
        int count = 0;
        for (int i = 0; i < columns; i++) {
          if (row[i] == 0) continue;
          if (sparse->values) {
            sparse->values[value + count] = row[i];
            sparse->chunk_columns[value + count] = (uint8_t)i;
          }
          count++;
        }
        if (count == 0) continue;
        if (sparse->values) sparse->segments[segment] = (pare_segment){(uint8_t)output, (uint8_t)count};
        segment++;
        value += count;
      }
    }
  }
  if (!sparse->values) return segment;
  sparse->starts[sparse->panels] = value;
  sparse->chunk_starts[(size_t)sparse->panels * sparse->chunks] = segment;
  return segment;
}

static bool pack_rows(pare_sparse *sparse, const float *weight, size_t count) {
  sparse->chunks = (sparse->inputs + PARE_CHUNK - 1) / PARE_CHUNK;
  size_t starts = ((size_t)sparse->panels + 1) * sizeof(size_t), values = count * sizeof(float);
  size_t chunk_starts = ((size_t)sparse->panels * sparse->chunks + 1) * sizeof(uint32_t);
  size_t segments = fill_rows(sparse, weight) * sizeof(pare_segment);
  sparse->bytes = starts + values + chunk_starts + segments + count;
  char *memory = pare_allocate(sparse->bytes);
  if (!memory) return false;
  sparse->starts = (size_t *)memory;
  sparse->values = (float *)(memory + starts);
  sparse->chunk_starts = (uint32_t *)(memory + starts + values);
  sparse->segments = (pare_segment *)(memory + starts + values + chunk_starts);
  sparse->chunk_columns = (uint8_t *)(memory + starts + values + chunk_starts + segments);
  fill_rows(sparse, weight);
  return true;
}

pare_sparse *pare_sparse_pack(
  const float *weight, int outputs, int inputs, pare_sparse_layout layout, pare_level level) {
  size_t values, entries;
  if (layout == PARE_SPARSE_GROUPS && inputs > PARE_MOST_GROUP_INPUTS) return NULL;
  if (!pare_count_nonzeros(weight, outputs, inputs, &values, &entries)) return NULL;
  pare_sparse *sparse = calloc(1, sizeof *sparse);
  if (!sparse) return NULL;
  *sparse = (pare_sparse){.layout = layout, .level = level, .inputs = inputs, .outputs = outputs,
    .panels = (outputs + PARE_PANEL - 1) / PARE_PANEL};
  bool sound = layout == PARE_SPARSE_GROUPS ? pack_groups(sparse, weight, entries) : pack_rows(sparse, weight, values);
  if (sound) return sparse;
  free(sparse);
  return NULL;
}

void pare_sparse_release(pare_sparse *sparse) {
  pare_release(sparse->starts, sparse->bytes);
  free(sparse);
}

size_t pare_sparse_bytes(const pare_sparse *sparse) { return sparse->bytes; }

static void run_piece(void *context, int piece) { pare_sparse_piece(context, piece); }

bool pare_sparse_product(
  pare_device *device, const pare_sparse *sparse, const float *x, int rows, const float *bias, float *y) {
  if (rows == 0 || sparse->outputs == 0) return true;
  // So few tiles that threads would wait for each other: each panel transposes x for itself then.
  enum { ENOUGH_TILES = 8 };
  int tiles = pare_pieces(rows);
  pare_sparse_run run = {.weight = sparse, .x = x, .bias = bias, .y = y, .rows = rows,
    .across = tiles < ENOUGH_TILES ? sparse->panels : 1};
  pare_run(device, tiles * run.across, run_piece, &run);
  return !run.failed;
}
