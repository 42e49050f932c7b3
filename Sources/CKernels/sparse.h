// A weight without most of its zeros: its layout, shared by packing and kernels.
#ifndef PARE_SPARSE_H
#define PARE_SPARSE_H

#include "clones.h"
#include "device.h"

enum {
  PARE_UNIT = 16,      // rows of x side by side: one 512-bit vector
  PARE_GROUP = 4,      // outputs whose weights of one input stand together
  PARE_PANEL = 192,    // outputs that are computed before they are put in place: they stay in the caches
  PARE_CHUNK = 128,    // inputs that are walked before the next ones: 64 rows of them just fill the first-level cache
};

/// What one output takes from a chunk of inputs.
typedef struct {
  uint8_t output, count;  // within the panel
} pare_segment;

struct pare_sparse {
  pare_sparse_layout layout;
  pare_level level;
  int inputs, outputs, panels, chunks;
  size_t bytes;
  /// Of groups: 4 values an entry, group after group. Of rows: panel after panel, in it chunk after chunk, in it
  /// output after output.
  float *values;
  size_t *starts;          // of groups: each group's first entry; of rows: each panel's first value; and the end
  uint32_t *chunk_starts;  // of rows: the first segment of each chunk of each panel, and the end
  uint16_t *columns;       // of groups: each entry's input
  uint8_t *chunk_columns;  // of rows: each value's input within the chunk
  pare_segment *segments;  // of rows: outputs that take nothing from a chunk have none
};

static inline int pare_panel_outputs(const pare_sparse *sparse, int panel) {
  int left = sparse->outputs - panel * PARE_PANEL;
  return left < PARE_PANEL ? left : PARE_PANEL;
}

/// A product on its way; a piece is a tile of 64 rows of x, with all panels or with one.
typedef struct {
  const pare_sparse *weight;
  const float *x, *bias;
  float *y;
  int rows, across;  // across: 1, or the number of panels where these are pieces of their own
  _Atomic bool failed;
} pare_sparse_run;

/// Computes one piece as the level's clone does.
void pare_sparse_piece(pare_sparse_run *run, int piece);

#endif
