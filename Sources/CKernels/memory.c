// Memory for tensors. Large blocks are kept when released and handed out again: a fresh page costs a fault, and an
// encoder asks for the same sizes at every step. Only addresses are shared through this file, never values.
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "CKernels.h"

enum { CLASSES = 256, ALIGNMENT = 64 };
static const size_t small = 32 << 10;         // below, malloc is quick enough
static const size_t kept_at_most = 512 << 20;  // bytes held for reuse

struct block {
  struct block *next;
};
static struct block *kept[CLASSES];
static size_t kept_bytes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Sizes are rounded up to a quarter of a power of two, so that batches of slightly different length share blocks.
static size_t rounded(size_t bytes, int *class) {
  int power = 63 - __builtin_clzll(bytes);
  size_t step = (size_t)1 << (power - 2);
  size_t quarters = (bytes + step - 1) / step;  // 4 ... 8
  *class = power * 4 + (int)(quarters - 4);
  return quarters * step;
}

void *pare_allocate(size_t bytes) {
  if (bytes < small) return aligned_alloc(ALIGNMENT, (bytes / ALIGNMENT + 1) * ALIGNMENT);
  int class;
  size_t size = rounded(bytes, &class);
  pthread_mutex_lock(&lock);
  struct block *block = kept[class];
  if (block) {
    kept[class] = block->next;
    kept_bytes -= size;
  }
  pthread_mutex_unlock(&lock);
  return block ? (void *)block : aligned_alloc(ALIGNMENT, size);
}

void pare_release(void *memory, size_t bytes) {
  if (bytes < small) {
    free(memory);
    return;
  }
  int class;
  size_t size = rounded(bytes, &class);
  pthread_mutex_lock(&lock);
  bool keep = kept_bytes + size <= kept_at_most;
  if (keep) {
    struct block *block = memory;
    block->next = kept[class];
    kept[class] = block;
    kept_bytes += size;
  }
  pthread_mutex_unlock(&lock);
  if (!keep) free(memory);
}

size_t pare_peak_memory(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return (size_t)usage.ru_maxrss;
#else
  return (size_t)usage.ru_maxrss << 10;
#endif
}
