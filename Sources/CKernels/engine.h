// A matrix product as oneDNN made it, and where it is kept.
#ifndef PARE_ENGINE_H
#define PARE_ENGINE_H

#include "device.h"
#include "onednn.h"

/// What decides a primitive for target [rows, outputs] = source [rows, inputs] · weight [inputs, outputs]; compared
/// byte by byte, hence no padding. The target is f32.
typedef struct {
  int32_t element;  // pare_element of source and weight
  int32_t rows, inputs, outputs;
  int32_t source_strides[2], weight_strides[2], target_stride;  // weight strides of 0: a layout that oneDNN chose
  int32_t has_bias, adds;                                       // adds: target += product
} product_key;

typedef struct product {
  product_key key;
  dnnl_primitive_t primitive;
  descriptor source, weight, bias, target, scratch;
  size_t scratch_bytes;
  struct product *next;  // of the same bucket
} product;

dnnl_engine_t pare_engine_handle(struct pare_engine *engine);
/// The product for `key`, made if there is none; `layout` NULL lets oneDNN choose the weight's. NULL on failure.
const product *pare_engine_product(struct pare_engine *engine, const product_key *key, const descriptor *layout);
/// Computes it on the calling thread; `bias` where the key has one. False when oneDNN failed or memory is short.
bool pare_product_execute(struct pare_engine *engine, const product *p, const void *source, const void *weight,
  const float *bias, float *target);

#endif
