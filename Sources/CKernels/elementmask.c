// Masks with a bit for each element: what sparse training multiplies gradients by.
#include "clones.h"
#include "device.h"

/// Elements a piece and a word of a mask have.
enum { CHUNK = 16384, WORD = 32 };

typedef struct {
  const uint32_t *bits;
  const float *a, *b;
  float *x;
  size_t count;
} masked;

/// Words of only ones are passed over, words of only zeros are not read: masks of blocks touch little memory.
PARE_CLONES
static void clear_piece(void *context, int piece) {
  const masked *m = context;
  size_t first = (size_t)piece * CHUNK, end = first + CHUNK < m->count ? first + CHUNK : m->count;
  size_t i = first;
  for (; i + WORD <= end; i += WORD) {
    uint32_t word = m->bits[i / WORD];
    float *x = m->x + i;
    if (word == UINT32_MAX) continue;
    if (word == 0)
      memset(x, 0, WORD * sizeof(float));
    else
      for (uint32_t lane = 0; lane < WORD; lane++) x[lane] = word >> lane & 1 ? x[lane] : 0;
  }
  for (; i < end; i++)
    if (!(m->bits[i / WORD] >> i % WORD & 1)) m->x[i] = 0;
}

void pare_clear_outside(pare_device *device, const uint32_t *bits, size_t count, float *x) {
  masked m = {.bits = bits, .x = x, .count = count};
  pare_run(device, (int)((count + CHUNK - 1) / CHUNK), clear_piece, &m);
}

PARE_CLONES
static void subtract_piece(void *context, int piece) {
  const masked *m = context;
  size_t first = (size_t)piece * CHUNK, end = first + CHUNK < m->count ? first + CHUNK : m->count;
  const float *a = m->a, *b = m->b;
  float *x = m->x;
  PARE_INDEPENDENT
  for (size_t i = first; i < end; i++) x[i] -= a[i] * b[i];
}

void pare_subtract_products(pare_device *device, const float *a, const float *b, size_t count, float *x) {
  masked m = {.a = a, .b = b, .x = x, .count = count};
  pare_run(device, (int)((count + CHUNK - 1) / CHUNK), subtract_piece, &m);
}
