// Embedding tables and rows picked by index.
#include "clones.h"
#include "device.h"

typedef struct {
  const int32_t *ids, *types, *offsets, *indices;
  const float *word, *position, *type, *dY, *x;
  float *y, *dWord, *dPosition, *dType;
  int sequences, first_position, width, count;
} tables;

/// The row of the position table that token `token` of sequence `sequence` takes.
PARE_INLINE size_t position_of(const tables *t, int sequence, int token) {
  return (size_t)(t->first_position + token - t->offsets[sequence]);
}

PARE_CLONES
static void forward_piece(void *context, int sequence) {
  const tables *t = context;
  for (int token = t->offsets[sequence]; token < t->offsets[sequence + 1]; token++) {
    const float *word = t->word + (size_t)t->ids[token] * t->width;
    const float *position = t->position + position_of(t, sequence, token) * t->width;
    float *y = t->y + (size_t)token * t->width;
    if (t->type) {
      const float *type = t->type + (size_t)t->types[token] * t->width;
      for (int i = 0; i < t->width; i++) y[i] = word[i] + type[i] + position[i];
    } else {
      for (int i = 0; i < t->width; i++) y[i] = word[i] + position[i];
    }
  }
}

void pare_embedding_forward(pare_device *device, const int32_t *ids, const int32_t *types, const int32_t *offsets,
  int sequences, int first_position, int width, const float *word, const float *position, const float *type, float *y) {
  tables t = {.ids = ids, .types = types, .offsets = offsets, .word = word, .position = position, .type = type, .y = y,
    .sequences = sequences, .first_position = first_position, .width = width};
  pare_run(device, sequences, forward_piece, &t);
}

/// Columns a piece of the backward pass has: tokens share rows, so pieces split columns instead.
enum { COLUMNS = 64 };

PARE_CLONES
static void backward_piece(void *context, int piece) {
  const tables *t = context;
  int first = piece * COLUMNS, columns = t->width - first < COLUMNS ? t->width - first : COLUMNS;
  for (int sequence = 0; sequence < t->sequences; sequence++)
    for (int token = t->offsets[sequence]; token < t->offsets[sequence + 1]; token++) {
      const float *dY = t->dY + (size_t)token * t->width + first;
      float *word = t->dWord + (size_t)t->ids[token] * t->width + first;
      float *position = t->dPosition + position_of(t, sequence, token) * t->width + first;
      for (int i = 0; i < columns; i++) word[i] += dY[i];
      for (int i = 0; i < columns; i++) position[i] += dY[i];
      if (!t->dType) continue;
      float *type = t->dType + (size_t)t->types[token] * t->width + first;
      for (int i = 0; i < columns; i++) type[i] += dY[i];
    }
}

void pare_embedding_backward(pare_device *device, const int32_t *ids, const int32_t *types, const int32_t *offsets,
  int sequences, int first_position, int width, const float *dY, float *dWord, float *dPosition, float *dType) {
  tables t = {.ids = ids, .types = types, .offsets = offsets, .dY = dY, .dWord = dWord, .dPosition = dPosition,
    .dType = dType, .sequences = sequences, .first_position = first_position, .width = width};
  pare_run(device, (width + COLUMNS - 1) / COLUMNS, backward_piece, &t);
}

static void gather_piece(void *context, int piece) {
  const tables *t = context;
  int end = pare_piece_end(piece, t->count);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++)
    memcpy(t->y + (size_t)r * t->width, t->x + (size_t)t->indices[r] * t->width, (size_t)t->width * sizeof(float));
}

void pare_gather_rows(pare_device *device, const float *x, const int32_t *indices, int count, int width, float *y) {
  tables t = {.indices = indices, .x = x, .y = y, .width = width, .count = count};
  pare_run(device, pare_pieces(count), gather_piece, &t);
}

PARE_CLONES
static void scatter_piece(void *context, int piece) {
  const tables *t = context;
  int end = pare_piece_end(piece, t->count);
  for (int r = piece * PARE_PIECE_ROWS; r < end; r++) {
    const float *x = t->x + (size_t)r * t->width;
    float *y = t->y + (size_t)t->indices[r] * t->width;
    for (int i = 0; i < t->width; i++) y[i] += x[i];
  }
}

void pare_scatter_add_rows(
  pare_device *device, const float *x, const int32_t *indices, int count, int width, float *y) {
  tables t = {.indices = indices, .x = x, .y = y, .width = width, .count = count};
  pare_run(device, pare_pieces(count), scatter_piece, &t);
}
