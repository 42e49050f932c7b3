// What a device is made of; shared by pool.c and products.c.
#ifndef PARE_DEVICE_H
#define PARE_DEVICE_H

#include <signal.h>

#include "CKernels.h"

struct pare_engine;
struct pare_engine *pare_engine_create(void);
void pare_engine_destroy(struct pare_engine *engine);
struct pare_engine *pare_device_engine(const pare_device *device);

/// What a thread was like before it entered products.
typedef struct {
  sigset_t signals;
  int omp_threads;
} pare_thread_state;

/// Until the matching call, OpenMP inside oneDNN keeps to the calling thread, and signals wait. Also while a primitive
/// is made, since that fixes how many threads it will use.
pare_thread_state pare_enter_products(void);
void pare_leave_products(const pare_thread_state *before);

/// Rows a piece of a row kernel or a product has. Part of the results' definition: changing it may change last bits.
enum { PARE_PIECE_ROWS = 64 };

static inline int pare_pieces(int rows) { return (rows + PARE_PIECE_ROWS - 1) / PARE_PIECE_ROWS; }
static inline int pare_piece_end(int piece, int rows) {
  int end = (piece + 1) * PARE_PIECE_ROWS;
  return end < rows ? end : rows;
}

#endif
