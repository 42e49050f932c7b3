// The optimizer's step: AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101), each number read and written once.
#include "clones.h"
#include "device.h"

/// Elements a piece has.
enum { CHUNK = 16384 };

typedef struct {
  const pare_adamw *options;
  float *parameter, *gradient, *first, *second;
  size_t count;
} adamw;

/// What a step's numbers come to for every element.
typedef struct {
  float keep, rate, root;
} adamw_factors;

PARE_INLINE adamw_factors factors_of(const pare_adamw *o) {
  return (adamw_factors){1 - o->learning_rate * o->weight_decay, o->learning_rate / o->correction1,
    1 / __builtin_elementwise_sqrt(o->correction2)};
}

/// One element's step; the only place where it is written, so that rows which were put off get the same bits.
PARE_INLINE void adamw_element(
  const pare_adamw *o, adamw_factors f, float gradient, float *p, float *m, float *v) {
  *m = o->beta1 * *m + (1 - o->beta1) * gradient;
  *v = o->beta2 * *v + (1 - o->beta2) * gradient * gradient;
  *p = *p * f.keep - f.rate * *m / (__builtin_elementwise_sqrt(*v) * f.root + o->epsilon);
}

PARE_CLONES
static void adamw_piece(void *context, int piece) {
  const adamw *a = context;
  const pare_adamw o = *a->options;
  size_t first = (size_t)piece * CHUNK, end = first + CHUNK < a->count ? first + CHUNK : a->count;
  float *restrict p = a->parameter, *restrict g = a->gradient, *restrict m = a->first, *restrict v = a->second;
  adamw_factors f = factors_of(&o);
  PARE_INDEPENDENT
  for (size_t i = first; i < end; i++) {
    adamw_element(&o, f, g[i] * o.gradient_scale, &p[i], &m[i], &v[i]);
    g[i] = 0;
  }
}

void pare_adamw_step(pare_device *device, const pare_adamw *options, size_t count, float *parameter, float *gradient,
  float *first_moment, float *second_moment) {
  adamw a = {options, parameter, gradient, first_moment, second_moment, count};
  pare_run(device, (int)((count + CHUNK - 1) / CHUNK), adamw_piece, &a);
}

// Steps that were put off are taken a block of a row at a time, all while the block is in registers: memory is touched
// once, however many steps there are.
enum { BLOCK = 64, ROWS = 16 };

PARE_CLONES
static void rows_piece(void *context, int piece) {
  const pare_adamw_rows *a = context;
  int end = (piece + 1) * ROWS < a->count ? (piece + 1) * ROWS : a->count;
  for (int index = piece * ROWS; index < end; index++) {
    int row = a->rows ? a->rows[index] : index, first = a->taken[row];
    a->taken[row] = a->step_count;
    for (int start = 0; start < a->width && first < a->step_count; start += BLOCK) {
      size_t place = (size_t)row * a->width + start;
      size_t bytes = (size_t)(a->width - start < BLOCK ? a->width - start : BLOCK) * sizeof(float);
      float p[BLOCK] = {0}, m[BLOCK] = {0}, v[BLOCK] = {0}, g[BLOCK] = {0};
      memcpy(p, a->parameter + place, bytes);
      memcpy(m, a->first_moment + place, bytes);
      memcpy(v, a->second_moment + place, bytes);
      for (int step = first; step < a->step_count; step++) {
        const pare_adamw o = a->steps[step];
        adamw_factors f = factors_of(&o);
        if (a->gradient && step == a->step_count - 1) {
          memcpy(g, a->gradient + place, bytes);
          memset(a->gradient + place, 0, bytes);
        }
        for (int i = 0; i < BLOCK; i++) adamw_element(&o, f, g[i] * o.gradient_scale, &p[i], &m[i], &v[i]);
      }
      memcpy(a->parameter + place, p, bytes);
      memcpy(a->first_moment + place, m, bytes);
      memcpy(a->second_moment + place, v, bytes);
    }
  }
}

void pare_adamw_step_rows(pare_device *device, const pare_adamw_rows *rows) {
  pare_run(device, (rows->count + ROWS - 1) / ROWS, rows_piece, (void *)rows);
}
